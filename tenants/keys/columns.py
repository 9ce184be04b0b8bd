"""Columns whose values are sealed, and columns that hold keyed hashes to find such values by."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, LargeBinary, Table
from sqlalchemy.types import TypeDecorator

from tenants.keys.cells import UnreadableError, sealed_size

Kind = type[str] | type[bool] | type[date]


class Sealed(TypeDecorator[bytes]):
    """A value of the type `kind`, sealed with the key of the person whose id is in the row's column `owner`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: Kind = str, owner: str = "id") -> None:
        super().__init__()
        self.kind = kind
        self.owner = owner
        self.decoder = _DECODE[kind]
        """What makes a value of opened bytes; raises `ValueError` or `KeyError` for what is none."""

    def encode(self, value: object) -> bytes:
        """Return the bytes of a value. Raises `TypeError` for one of another type."""
        if not isinstance(value, self.kind):
            raise TypeError(f"A {type(value).__name__} stands where a {self.kind.__name__} is sealed.")
        return _ENCODE[self.kind](value)

    def decode(self, value: bytes) -> str | bool | date:
        """Return the value of bytes that were opened. Raises `UnreadableError` for what is none."""
        try:
            found: str | bool | date = self.decoder(value)
        except (ValueError, KeyError):
            raise UnreadableError from None
        return found


class Hashed(TypeDecorator[bytes]):
    """The tenant's keyed hash of what is in the row's column `of`, brought into the form that `form` gives it."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, of: str, form: Callable[[str], str]) -> None:
        super().__init__()
        self.of = of
        self.form = form


class SealedColumns(NamedTuple):
    """What of a table is sealed, by column, and what is hashed."""

    sealed: Mapping[str, Sealed]
    hashed: Mapping[str, Hashed]
    owner: str
    """The column with the person whose key seals."""


@lru_cache(maxsize=256)
def sealed_columns(table: Table) -> SealedColumns | None:
    """Return what of `table` is sealed, None for nothing. All of a row is sealed with the key of one person."""
    sealed = {column.name: column.type for column in table.c if isinstance(column.type, Sealed)}
    hashed = {column.name: column.type for column in table.c if isinstance(column.type, Hashed)}
    if not sealed:
        return None
    (owner,) = {kind.owner for kind in sealed.values()}
    return SealedColumns(sealed, hashed, owner)


def sealed_at_most(**characters: int) -> list[CheckConstraint]:
    """Return the rules that what is sealed in each column is no longer than that many characters (UTF-8) can be."""
    return [
        CheckConstraint(f"octet_length({column}) <= {sealed_size(4 * most)}", name=column)
        for column, most in characters.items()
    ]


_ENCODE: Mapping[Kind, Callable[[Any], bytes]] = {
    str: str.encode,
    bool: lambda value: b"\1" if value else b"\0",
    date: lambda value: value.isoformat().encode(),
}
_DECODE: Mapping[Kind, Callable[[bytes], Any]] = {
    str: lambda value: value.decode(),
    bool: lambda value: {b"\1": True, b"\0": False}[value],
    date: lambda value: date.fromisoformat(value.decode()),
}
