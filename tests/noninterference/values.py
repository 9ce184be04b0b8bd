"""Values that a column may hold: usual ones, and those at the ends of its range, which sort first or last."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Double, Integer, Text, Uuid

from tenants.keys.columns import Sealed
from tests.noninterference.tables import TABLES, UNIQUE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""The instant around which everything happens."""

_WORDS = (
    "", " ", "%", "_", "A", "Ab", "Abe", "Ada", "Adam", "ada", "Bo", "Zoe", "Zz", "zz", "Ä", "é", "\u00adx",
    "\U00010437", "\U0010fffd", "null", "true", "0", "1e9", "'; --", '"', "a b", "Ada ", "Ada Adams", "Zoe-Ann", "2014",
)  # fmt: skip
_EXTREMES = ("", "\x01", "\U0010fffd\U0010fffd")

_CHOICES = {
    ("enrollment", "status"): ("ACTIVE", "COMPLETED", "WITHDRAWN"),
    ("enrollment", "final_result"): ("DISTINCTION", "PASS", "FAIL", "WITHDRAWN"),
    ("seat", "status"): ("INVITED", "ACTIVE", "REVOKED", "EXPIRED"),
    ("staff_case", "reason"): ("asked", "x", "\U0010fffd"),
    ("assessment", "kind"): ("TUTOR_MARKED", "COMPUTER_MARKED", "EXAM"),
    ("access_event", "outcome"): ("RELEASED", "DENIED", "REFUSED"),
    ("access_event", "purpose"): ("SELF_SERVICE", "GUARDIANSHIP", "TEACHING", "SEAT_MANAGEMENT", "SUPPORT_CASE"),
}

_IN_CLEAR = {str: Text(), bool: Boolean(), date: Date()}
"""What stands sealed in a column, by its kind."""

_RANGES = {
    "progress": (0, 1),
    "average_score": (0, 100),
    "score": (0, 100),
    "weight": (0, 100),
    "previous_attempts": (0, 1000),
    "studied_credits": (0, 10_000),
    "watch_seconds": (0, 2**31 - 1),
    "due_day": (-3660, 3660),
    "length_days": (0, 3660),
    "total": (0, 10_000_000),
    "subject_count": (0, 10_000_000),
}


def value(table: str, name: str, rng: random.Random, *, extreme: float = 0.0) -> Any:
    """Return a value for the column `name` of `table`, with the probability `extreme` one at an end of its range.

    A column that may be null is null now and then.
    """
    column = TABLES[table].c[name]
    if column.nullable and rng.random() < 0.15:
        return None
    if (table, name) in _CHOICES:
        return rng.choice(_CHOICES[table, name])
    if name in UNIQUE.get(table, ()):
        return f"{rng.choice(('a', 'b', 'ö', 'z'))}{rng.getrandbits(40):x}@{rng.choice(('a', 'b'))}.example"
    return _of_type(column, rng, at_end=rng.random() < extreme)


def key(rng: random.Random) -> Any:
    """Return a new id."""
    return _of_type(TABLES["person"].c.id, rng, at_end=False)


def _of_type(column: Column[Any], rng: random.Random, *, at_end: bool) -> Any:
    makers: dict[type[Any], Callable[[], Any]] = {
        Boolean: lambda: rng.random() < 0.5,
        Integer: lambda: _number(column, rng, at_end=at_end),
        Double: lambda: _number(column, rng, at_end=at_end),
        DateTime: lambda: _instant(rng, at_end=at_end),
        Date: lambda: _day(rng, at_end=at_end),
        Uuid: lambda: UUID(int=rng.getrandbits(128)),
        ARRAY: lambda: rng.sample(_WORDS, rng.randint(0, 3)),
        Text: lambda: rng.choice(_EXTREMES if at_end else _WORDS),
    }
    held = _IN_CLEAR[column.type.kind] if isinstance(column.type, Sealed) else column.type
    return next(make for kind, make in makers.items() if isinstance(held, kind))()


def _day(rng: random.Random, *, at_end: bool) -> date:
    return rng.choice((date.min, date.max)) if at_end else NOON.date() + timedelta(days=rng.randint(-400, 400))


def _number(column: Column[Any], rng: random.Random, *, at_end: bool) -> int | float:
    least, most = _RANGES[column.name]
    if isinstance(column.type, Double):
        # Few steps, so that many rows are alike and borders of filters are met.
        return float(rng.choice((least, most))) if at_end else least + (most - least) * rng.randint(0, 20) / 20
    return rng.choice((least, most)) if at_end else rng.randint(least, min(most, least + 20))


def _instant(rng: random.Random, *, at_end: bool) -> datetime:
    if at_end:
        return rng.choice((datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)))
    return NOON + timedelta(hours=rng.randint(-2_000, 2_000), microseconds=rng.randint(0, 3))
