"""The line that an answer names, where several say the same and any of them may be named."""

from collections.abc import Iterable
from dataclasses import dataclass

Lines = frozenset[str | None]
"""What may be named; None: nothing."""

NO_LINE: Lines = frozenset([None])


@dataclass(frozen=True, slots=True)
class OneOf:
    """Lines of which the server names one."""

    names: Lines


def one_of(lines: Lines) -> str | OneOf | None:
    """Return the line that has to be named, or those of which one has to be."""
    return next(iter(lines)) if len(lines) == 1 else OneOf(lines)


def common(found: Iterable[Lines]) -> Lines:
    """Return what may be named of all of these together: the line that is the same for each, else nothing.

    Where of several each may be named by any of the same lines, they may still be named by different ones.
    """
    each = list(found)
    shared = frozenset.intersection(*each)
    is_certain = len(each) == 1 or all(len(lines) == 1 and lines == shared for lines in each)
    return shared if is_certain else shared | NO_LINE
