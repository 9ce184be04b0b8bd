"""Telling the caller how far the import is."""

from typing import Protocol

from domain.oulad.sheet import Report


class Progress(Protocol):
    """What the caller is told with."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take how far `step` is, such as "checking studentInfo.csv" (in bytes) or "loading studentInfo.csv" (in rows).

        Each step is reported at least when it begins and when it ends; a failed one may not end.
        """


def reporter(progress: Progress, step: str) -> Report:
    """Return `progress` for one step."""

    def report(done: int, total: int) -> None:
        progress(step, done, total)

    return report
