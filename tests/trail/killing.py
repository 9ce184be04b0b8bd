"""Kills the program and PostgreSQL under those who read."""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass, field

from tests.tenants.embedded.helpers import HANG
from tests.trail.own_server import OwnServer
from tests.trail.readers import Readers
from tests.trail.served import Served


@dataclass
class Killer:
    """Kills again and again, each time after a random number of answers, and starts again what does not by itself."""

    served: Served
    server: OwnServer
    readers: Readers
    rng: random.Random
    away: list[float] = field(default_factory=list)
    """Seconds from each kill to the next answer."""

    async def run(self, program: int, server: int, reads: int) -> None:
        """Kill the program and PostgreSQL so often, in random order, over so many answers."""
        kills = ["program"] * program + ["server"] * server
        self.rng.shuffle(kills)
        apart = reads / len(kills)
        for number, kill in enumerate(kills):
            await self._reached(round(apart * (number + self.rng.random())))
            await asyncio.sleep(self.rng.uniform(0, 0.005))
            await self._kill(kill)
        await self._reached(reads)

    async def _kill(self, what: str) -> None:
        before, began = self.readers.received, time.monotonic()
        if what == "program":
            self.served.end()
            await self.served.start()
        else:
            self._kill_server()
        await self._reached(before + 1)
        self.away.append(time.monotonic() - began)

    def _kill_server(self) -> None:
        """End PostgreSQL: all of it at once, its first process alone, by its own immediate shutdown, or one of it."""
        first, *others = self.server.processes()
        how = self.rng.choice(["all", "first", "immediate", "one"])
        if how == "all":
            self.server.send(signal.SIGKILL)
        elif how == "one":
            # PostgreSQL ends all others itself then, and starts again.
            os.kill(self.rng.choice(others), signal.SIGKILL)
        else:
            os.kill(first, signal.SIGKILL if how == "first" else signal.SIGQUIT)

    async def _reached(self, received: int) -> None:
        async with asyncio.timeout(HANG):
            await self.readers.reached(received)
