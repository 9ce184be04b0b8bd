"""Rounds: every server in turn, again and again, so that whatever slows the machine slows all of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.check import Answer
from benchmarks.load import Load, Sample
from benchmarks.processes import Server

WARM_UP_SECONDS = 1
WAVES = 8
"""Answers that every connection gets at least in a turn, as far as `LONGEST_SECONDS` allows."""
LONGEST_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Series:
    """One scenario at one number of connections: each server's samples, one for each turn of so many seconds."""

    scenario: str
    connections: int
    seconds: int
    samples: Mapping[str, Sequence[Sample]]

    def throughput(self, server: str) -> float:
        """Return the median of a server's requests per second."""
        return median(sample.requests_per_second for sample in self.samples[server])

    def latency(self, server: str) -> float:
        """Return the median of a server's median latencies, in milliseconds."""
        return median(sample.p50_ms for sample in self.samples[server])

    def times_the_throughput(self, one: str, other: str) -> float:
        """Return how many times the throughput of `other` `one` has: the median over the rounds, pair by pair."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        return median(left.requests_per_second / right.requests_per_second for left, right in pairs)

    def times_the_latency(self, one: str, other: str) -> float:
        """Return how many times the latency of `other` `one` has: the median over the rounds, pair by pair."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        return median(left.p50_ms / right.p50_ms for left, right in pairs)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often, and how many seconds each time at least; longer where answers are slow."""

    count: int
    seconds: int

    def measure(
        self,
        load: Load,
        scenario: str,
        body: bytes,
        answers: Mapping[Server, Answer],
        connections: int,
    ) -> Series:
        """Return the samples of the servers whose `answers` were checked. Raises `CompareError`."""
        samples: dict[str, list[Sample]] = {server.name: [] for server in answers}
        warm = [load.run(server, body, each.length, 1, WARM_UP_SECONDS) for server, each in answers.items()]
        seconds = self._long_enough(max(sample.p50_ms for sample in warm), connections)
        for _ in range(self.count):
            for server, answer in answers.items():
                samples[server.name].append(load.run(server, body, answer.length, connections, seconds))
        return Series(scenario, connections, seconds, samples)

    def _long_enough(self, slowest_ms: float, connections: int) -> int:
        # What is under way when a turn ends does not count: of a slow server with many connections, a part that shows.
        waves = WAVES * connections * slowest_ms / 1000
        return max(self.seconds, min(LONGEST_SECONDS, math.ceil(waves)))
