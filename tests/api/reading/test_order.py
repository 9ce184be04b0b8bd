"""Orders that can be continued, against plain sorting: nulls last in both directions, ties by key."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, create_engine, insert, select

from api.reading.order import Key, after, ordering

things = Table("things", MetaData(), Column("a", Text), Column("b", Integer), Column("id", Integer, primary_key=True))
_PAIRS = itertools.product((None, "x", "y", "y", "z"), (None, 1, 2, 2))
Row = tuple[Any, ...]
ROWS: list[Row] = [(*pair, number * 7 % 23) for number, pair in enumerate(_PAIRS)]
ORDERS = [
    (Key("id"),),
    (Key("id", descending=True),),
    *[(Key("a", descending=down), Key("id")) for down in (False, True)],
    *[(Key("a", one), Key("b", other), Key("id")) for one in (False, True) for other in (False, True)],
    (Key("b", descending=True), Key("id", descending=True)),
]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        things.create(opened)
        opened.execute(insert(things), [{"a": a, "b": b, "id": number} for a, b, number in ROWS])
        yield opened
    engine.dispose()


def in_order(keys: Sequence[Key]) -> list[Row]:
    """Return the rows sorted by Python: a stable sort for each part, the last part first."""
    rows = list(ROWS)
    for key in reversed(keys):
        at = ("a", "b", "id").index(key.name)
        known = sorted((row for row in rows if row[at] is not None), key=lambda row: row[at], reverse=key.descending)
        if key.descending:
            known = [row for value in dict.fromkeys(row[at] for row in known) for row in rows if row[at] == value]
        rows = known + [row for row in rows if row[at] is None]
    return rows


def asked(connection: Connection, keys: Sequence[Key], row: Row | None, *, backwards: bool) -> list[Row]:
    values = [things.c[key.name] for key in keys]
    statement = select(things.c.a, things.c.b, things.c.id).order_by(*ordering(keys, values, backwards=backwards))
    bound = {}
    if row is not None:
        place = [row[("a", "b", "id").index(key.name)] for key in keys]
        nulls = [value is None for value in place]
        statement = statement.where(after(keys, values, nulls, "at", backwards=backwards))
        bound = {f"at_{number}": value for number, value in enumerate(place) if value is not None}
    return [tuple(found) for found in connection.execute(statement, bound)]


@pytest.mark.parametrize("keys", ORDERS, ids=lambda keys: " ".join(f"{key.name}{'-' * key.descending}" for key in keys))
def test_what_comes_after_each_row_is_the_rest_of_the_list_in_both_directions(
    connection: Connection, keys: tuple[Key, ...]
) -> None:
    whole = in_order(keys)
    assert asked(connection, keys, None, backwards=False) == whole
    assert asked(connection, keys, None, backwards=True) == whole[::-1]
    for at, row in enumerate(whole):
        assert asked(connection, keys, row, backwards=False) == whole[at + 1 :]
        assert asked(connection, keys, row, backwards=True) == whole[:at][::-1]


def test_the_rows_hold_what_the_test_is_about() -> None:
    assert len({row[2] for row in ROWS}) == len(ROWS)
    for at in (0, 1):
        values = [row[at] for row in ROWS]
        assert values.count(None) > 1
        assert any(values.count(value) > 1 for value in values if value is not None)
