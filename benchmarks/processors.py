"""Who runs where: every server on one processor, always the same, and the client on the others."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Processors:
    """Processors by number, for a server and for the client; None where the system pins nothing (macOS)."""

    server: Sequence[int] | None
    client: Sequence[int] | None


def share_out() -> Processors:
    """Return the first processor for servers and the rest for the client; PostgreSQL takes any."""
    if sys.platform != "linux":
        return Processors(None, None)
    first, *rest = sorted(os.sched_getaffinity(0))
    return Processors([first], rest or [first])


def pin(processors: Sequence[int] | None) -> None:
    """Keep this process, and those that it starts from now on, on `processors`."""
    if sys.platform == "linux" and processors is not None:
        os.sched_setaffinity(0, processors)
