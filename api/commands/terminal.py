"""Speaking to the person at the terminal: lines, progress bars, and errors without a trace."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn


class Report(Protocol):
    """Told of work: what it is, how much is done, of how much."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


_stderr = Console(stderr=True, highlight=False)


class CommandError(Exception):
    """A command cannot go on; `lines` say why and what to do. `status`: what the program ends with."""

    def __init__(self, *lines: str, status: int = 1) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.status = status


def say(line: str) -> None:
    """Tell the person something, on standard error: standard output is for what a command was asked for."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def progress() -> Iterator[Report]:
    """Give a function that draws a bar for each piece of work; without a terminal it writes a line when one ends."""
    if not _stderr.is_terminal:
        yield _line_when_done
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_stderr) as bars:
        drawn: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in drawn:
                drawn[step] = bars.add_task(step, total=total)
            bars.update(drawn[step], completed=done, total=total)

        yield report


def _line_when_done(step: str, done: int, total: int) -> None:
    if done >= total:
        say(f"{step}: {done:,}")
