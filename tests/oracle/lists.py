"""Lists: which rows, in what order, which page of them, and the cursors that lead on."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import total_ordering
from typing import Any, NamedTuple

from tests.oracle.capacities import Cursor
from tests.oracle.condition import Condition, MalformedError
from tests.oracle.filters import column, conditions
from tests.oracle.judge import Judge
from tests.oracle.ledger import BadInputError, Ledger, Path, Used
from tests.oracle.row import Row

DEFAULT, MOST = 25, 100

FILTERED = {"Learner", "Course", "Enrollment", "Seat", "AccessEvent"}
"""Types whose lists may take a filter."""

_START = datetime(1970, 1, 1, tzinfo=UTC)

ORDERS = {
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
    "LAST_SEEN_DESC": ("lastSeenAt", True),
    "CODE_ASC": ("code", False),
    "TITLE_ASC": ("title", False),
    "STARTS_ON_DESC": ("startsOn", True),
    "LEARNER_NAME_ASC": ("name", False),
    "PROGRESS_DESC": ("progress", True),
    "PROGRESS_ASC": ("progress", False),
    "AVERAGE_SCORE_DESC": ("averageScore", True),
    "LAST_ACTIVITY_DESC": ("lastActivityAt", True),
    "ENROLLED_AT_DESC": ("enrolledAt", True),
}
"""The field that each order goes by, and whether downwards."""


class Listed(NamedTuple):
    """A list before it is filtered: of what, which rows there are for this viewer, and its name and parent."""

    kind: str
    rows: Callable[[], Iterable[Row]]
    name: str
    parent: Row


@total_ordering
@dataclass(frozen=True, slots=True)
class Downwards:
    """A value that sorts before smaller ones."""

    value: Any

    def __lt__(self, other: "Downwards") -> bool:
        return bool(self.value > other.value)


class Lister:
    """Makes the pages of one answer."""

    def __init__(self, judge: Judge, ledger: Ledger) -> None:
        self._judge = judge
        self._ledger = ledger

    def check(self, listed: Listed, given: dict[str, Any], path: Path) -> list[Condition]:
        """Return the list's conditions. Raises `BadInputError` for arguments that cannot be used."""
        first, last = given.get("first"), given.get("last")
        if first is not None and last is not None:
            raise BadInputError(path)
        if not all(1 <= size <= MOST for size in (first, last) if size is not None):
            raise BadInputError(path)
        for text in (given.get("after"), given.get("before")):
            if text is not None:
                cursor = self._judge.viewer.cursors.get(text)
                if cursor is None or cursor.place != _place(listed, given):
                    raise BadInputError(path)
        try:
            return conditions(self._judge, listed.kind, given.get("filter")) if listed.kind in FILTERED else []
        except MalformedError:
            raise BadInputError(path) from None

    def page(self, listed: Listed, given: dict[str, Any], fulfilled: list[Condition]) -> Row:
        """Return the page as an object of the type `...Connection`."""
        order = given.get("orderBy")
        found = [row for row in listed.rows() if all(condition.holds(row) for condition in fulfilled)]
        found.sort(key=lambda row: self._key(row, order))
        keys = [self._key(row, order) for row in found]
        low, high = self._window(keys, given)
        self._use(found[low:high], order, fulfilled)
        place = _place(listed, given)
        cursors = [Cursor(place, row, key) for row, key in zip(found[low:high], keys[low:high], strict=True)]
        return _connection(listed, found[low:high], cursors, low > 0, high < len(found))

    def _window(self, keys: list[Any], given: dict[str, Any]) -> tuple[int, int]:
        cursors = self._judge.viewer.cursors
        after, before, first, last = (given.get(name) for name in ("after", "before", "first", "last"))
        low = 0 if after is None else bisect_right(keys, cursors[after].key)
        high = len(keys) if before is None else bisect_left(keys, cursors[before].key)
        high = max(low, high)
        if last is not None:
            return max(low, high - last), high
        return low, min(high, low + (DEFAULT if first is None else first))

    def _key(self, row: Row, order: str | None) -> tuple[Any, ...]:
        """Return what the row sorts by: null and hidden values last whatever the direction, then the id."""
        if row.kind == "AccessEvent":
            # Newest first.
            return (-((row.facts["at"] - _START) // timedelta(microseconds=1)), -row.key.int)
        if order is None:
            return (row.key.bytes,)
        field, down = ORDERS[order]
        holder = self._holder(row, order)
        value = holder.facts[column(field)] if self._orders_by(row, holder, field) else None
        if value is None:
            return (True, 0, row.key.bytes)
        return (False, Downwards(value) if down else value, row.key.bytes)

    def _holder(self, row: Row, order: str) -> Row:
        if order != "LEARNER_NAME_ASC":
            return row
        learner = self._judge.world.learner(row.facts["learner_id"])
        assert learner is not None
        return learner

    def _orders_by(self, row: Row, holder: Row, field: str) -> bool:
        """Return whether the viewer reads what the row is sorted by; of its learner, also who that is."""
        is_own = holder is row or (self._judge.readable(row, "learner") and self._judge.visible(holder))
        return is_own and self._judge.readable(holder, field)

    def _use(self, rows: list[Row], order: str | None, fulfilled: list[Condition]) -> None:
        for row in rows:
            subject = self._judge.world.subject(row)
            if subject is None:
                continue
            self._ledger.entries += [Used(each.field, subject) for each in fulfilled if each.field is not None]
            if order is not None:
                holder, field = self._holder(row, order), ORDERS[order][0]
                if self._orders_by(row, holder, field):
                    self._ledger.entries.append(Used(f"{holder.kind}.{field}", subject))


def _place(listed: Listed, given: dict[str, Any]) -> tuple[object, ...]:
    # Of everybody's own part the one person in it is the same list, whichever event it is of.
    owner = listed.parent.part_of
    return (listed.name, listed.parent.identity if owner is None else owner, given.get("orderBy"))


def _connection(listed: Listed, rows: list[Row], cursors: list[Cursor], before: bool, after: bool) -> Row:
    key = listed.parent.key
    edges = [
        Row(f"{listed.kind}Edge", row.key, {"cursor": cursor, "node": row})
        for row, cursor in zip(rows, cursors, strict=True)
    ]
    info: dict[str, Any] = {"hasPreviousPage": before, "hasNextPage": after}
    info |= {"startCursor": cursors[0] if cursors else None, "endCursor": cursors[-1] if cursors else None}
    page = {"nodes": rows, "edges": edges, "pageInfo": Row("PageInfo", key, info)}
    return Row(f"{listed.kind}Connection", key, page)
