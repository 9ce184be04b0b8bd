"""What the filters and orders of the schema mean on a value."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Column, ColumnElement, Text, and_, cast, func

from api.ids import MalformedIdError, decode_id
from api.reading.entity import Filter
from api.reading.order import Key
from api.reading.page import bad_input
from domain.enrollments.model import enrollment

_NOBODY = UUID(int=0)
"""A key that no row has."""


def _given(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value[name] for name in names if value.get(name) is not None}


def _text(value: Mapping[str, Any]) -> dict[str, Any]:
    found = _given(value, "eq", "in")
    if value.get("startsWith") is not None:
        found["from"] = value["startsWith"]
        end = _successor(value["startsWith"])
        if end is not None:
            found["to"] = end
    _check_characters(found)
    return found


def _successor(prefix: str) -> str | None:
    """Return the least text beyond every text that begins with `prefix`, by code points; None if there is none."""
    for at in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[at])
        if point < 0x10FFFF:
            following = 0xE000 if point == 0xD7FF else point + 1
            return prefix[:at] + chr(following)
    return None


def _check_characters(parts: Mapping[str, Any]) -> None:
    """PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate."""
    for part in parts.values():
        for text in part if isinstance(part, list) else [part]:
            if isinstance(text, str) and ("\0" in text or (not text.isascii() and not _is_encodable(text))):
                raise bad_input("A text of a filter holds a character that cannot be stored.")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _holds_text(value: ColumnElement[Any], bind: Any, names: frozenset[str]) -> ColumnElement[bool]:
    tests = {
        "eq": lambda: value == cast(bind("eq"), Text),
        "in": lambda: value == func.any(cast(bind("in"), ARRAY(Text))),
        "from": lambda: value >= cast(bind("from"), Text),
        "to": lambda: value < cast(bind("to"), Text),
    }
    return and_(*(tests[name]() for name in sorted(names)))


def _holds_range(value: ColumnElement[Any], bind: Any, names: frozenset[str]) -> ColumnElement[bool]:
    tests = {
        "min": lambda: value >= cast(bind("min"), value.type),
        "max": lambda: value <= cast(bind("max"), value.type),
        "from": lambda: value >= cast(bind("from"), value.type),
        "to": lambda: value < cast(bind("to"), value.type),
    }
    return and_(*(tests[name]() for name in sorted(names)))


def _holds_same(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return value == cast(bind("is"), value.type)


def _holds_one_of(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return value == func.any(cast(bind("in"), ARRAY(Text)))


def plain_text(value: str) -> dict[str, Any]:
    """Return what is bound of a text that a field is to have."""
    parts = {"is": value}
    _check_characters(parts)
    return parts


def text(name: str) -> Filter:
    """Return the filter of a text field."""
    return Filter(name, _text, _holds_text)


def sealed(name: str, hashed: Column[Any]) -> Filter:
    """Return the filter of a sealed field by the whole of its value; `hashed` is the column of its hash."""
    return Filter(name, plain_text, _holds_same, hashed=hashed)


def same(name: str) -> Filter:
    """Return the filter of a field that is to have a value."""
    return Filter(name, lambda value: {"is": value}, _holds_same)


def one_of(name: str) -> Filter:
    """Return the filter of a field that is to have one of several values."""
    return Filter(name, lambda values: {"in": [str(value) for value in values]}, _holds_one_of)


def number(name: str) -> Filter:
    """Return the filter of a field in a range of numbers, both ends included."""
    return Filter(name, lambda value: _given(value, "min", "max"), _holds_range)


def time(name: str) -> Filter:
    """Return the filter of a field in a range of time, the end not included."""
    return Filter(name, _instants, _holds_range)


def _instants(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is bound of a range of time: instants in UTC, which one without a zone is taken to be in."""
    try:
        return {name: _in_utc(instant) for name, instant in _given(value, "from", "to").items()}
    except OverflowError:
        raise bad_input("An instant of a filter lies outside the years 1 to 9999 (UTC).") from None


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def related_course(related: str, relates: Any) -> Filter:
    """Return the filter that a visible row of `related` leads to a course."""
    tested = enrollment.c.course_id
    return Filter("enrollments", _course, _holds_same, related=related, relates=relates, related_column=tested)


def related_value(related: str, name: str, relates: Any) -> Filter:
    """Return the filter that a visible row of `related` has a value in its field `name`, readable there."""
    return Filter("id", lambda value: {"is": value}, _holds_same, related=related, relates=relates, related_name=name)


def _course(value: str) -> dict[str, Any]:
    try:
        kind, key = decode_id(value)
    except MalformedIdError as error:
        raise bad_input(str(error)) from None
    return {"is": key if kind == "Course" else _NOBODY}


def by(name: str, *, descending: bool = False, through: str | None = None) -> tuple[Key, ...]:
    """Return the order by a field, ties by id."""
    return (Key(name, descending, through), Key("id"))
