"""Statements compiled once and run by the driver itself: building and compiling one costs more than running it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.elements import CompilerElement

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy has not typed this one


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement's text, and for each of its positions the parameter's name or its constant value."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values of one execution in their order. Raises `KeyError` for one that is missing."""
        constants = self.constants
        return [values[name] if name in values else constants[name] for name in self.names]


def compiled(statement: Executable) -> Plan:
    """Return `statement` as the driver takes it."""
    assert isinstance(statement, CompilerElement)
    result = statement.compile(dialect=_DIALECT)
    binds = getattr(result, "binds", {})
    constants = {name: bind.value for name, bind in binds.items() if bind.callable is None and not bind.required}
    return Plan(str(result), tuple(getattr(result, "positiontup", None) or ()), constants)
