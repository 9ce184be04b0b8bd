"""Differences between two policies as text: for a reviewer in groups, for other programs a line per cell."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from authz.diff import ALL_PURPOSES, ALL_TENANTS, GRANTABLE, Difference, Group, Kind, Side, differences, groups
from authz.loading import Policy

_MARKS = {Kind.WIDENED: "+", Kind.NARROWED: "-", Kind.OTHER_LINE: "~"}
_HEADS = {
    Kind.WIDENED: "WIDENED: not allowed before, allowed after",
    Kind.NARROWED: "NARROWED: allowed before, not allowed after",
    Kind.OTHER_LINE: "SAME ANSWER, OTHER LINE",
}
_WIDTH = 118


class Report:
    """What differs between two policies; `with_lines`: cells too whose answer is the same and whose line is another."""

    def __init__(self, old: Policy, new: Policy, *, with_lines: bool) -> None:
        self._old = old
        self._new = new
        everything = differences(old, new)
        self._counts = Counter(one.kind for one in everything)
        self._with_lines = with_lines
        self._shown = [one for one in everything if with_lines or one.kind is not Kind.OTHER_LINE]

    @property
    def differs(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._shown)

    def grouped(self) -> Iterator[str]:
        """Yield the differences for a person: a heading for each kind, then its groups, the widened ones first."""
        together = groups(self._shown, self._old, self._new)
        for kind in Kind:
            if of_kind := [group for group in together if group.kind is kind]:
                yield f"{_HEADS[kind]} ({_count(self._counts[kind], 'cell')})"
                yield ""
                for group in of_kind:
                    yield from _lines(group)
                    yield ""

    def plain(self) -> Iterator[str]:
        """Yield one line per cell, tabs between.

        The columns: kind, scope, action, role, field, class, purpose; then of each side + or - and the line or -.
        """
        for one in self._shown:
            yield "\t".join((*_cell(one), *_plain(one.before), *_plain(one.after)))

    def summary(self) -> str:
        """Return what it comes to, as a line."""
        versions = (
            f"version {self._old.version} on both sides"
            if self._old.version == self._new.version
            else f"version {self._old.version} -> {self._new.version}"
        )
        others = self._counts[Kind.OTHER_LINE]
        hint = " (--lines shows them)" if others and not self._with_lines else ""
        return (
            f"{_count(self._counts[Kind.WIDENED], 'cell')} widened, {self._counts[Kind.NARROWED]} narrowed, "
            f"{others} with the same answer by another line{hint}; {versions}."
        )


def _cell(one: Difference) -> Sequence[str]:
    return (one.kind, one.scope, one.action, one.role, one.field, one.subject, one.purpose)


def _plain(side: Side) -> Sequence[str]:
    return ("+" if side.allowed else "-", side.place or "-")


def _lines(group: Group) -> Iterator[str]:
    mark = _MARKS[group.kind]
    yield from textwrap.wrap(
        f"{mark} {_sentence(group)}", _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    for name, sides in (("before", group.before), ("after", group.after)):
        for number, side in enumerate(sides):
            yield f"    {'' if number else name:<7} {side.place or '-':<24} {side.text or 'nothing said'}"


def _sentence(group: Group) -> str:
    roles = ", ".join(role.lower() for role in group.roles)
    purposes = "every purpose" if group.purposes == ALL_PURPOSES else ", ".join(group.purposes)
    where = f"{', '.join(group.subjects)}; for {purposes}{_scope(group.scope)}"
    return f"{roles} {_may(group)} {group.action} {', '.join(group.fields)} ({where})"


def _may(group: Group) -> str:
    if group.scope == GRANTABLE:
        return {Kind.WIDENED: "may be granted to", Kind.NARROWED: "may no longer be granted to"}.get(
            group.kind, "may be granted to, as before,"
        )
    if group.kind is Kind.OTHER_LINE:
        return "may, as before," if group.after[0].allowed else "may not, as before,"
    return "may" if group.kind is Kind.WIDENED else "may no longer"


def _scope(scope: str) -> str:
    return "" if scope in {ALL_TENANTS, GRANTABLE} else f"; in tenant {scope} alone"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
