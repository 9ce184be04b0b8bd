"""Statements compiled once: their text and the order of their parameters, kept while they are used."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy has not typed this one
_MOST = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement's text, and for each of its positions the parameter's name or its constant value."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values of one execution in their order."""
        constants = self.constants
        return [values[name] if name in values else constants[name] for name in self.names]


class Plans:
    """The least recently used are forgotten past a bound."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    def get(self, signature: str, build: Callable[[], Select[*tuple[Any, ...]]]) -> Plan:
        """Return the plan of `signature`, compiled from what `build` returns when there is none yet."""
        found = self._plans.get(signature)
        if found is not None:
            self._plans.move_to_end(signature)
            return found
        made = self._plans[signature] = compiled(build())
        if len(self._plans) > self._most:
            self._plans.popitem(last=False)
        return made


def compiled(statement: Select[*tuple[Any, ...]]) -> Plan:
    """Return `statement` as the driver takes it."""
    result = statement.compile(dialect=_DIALECT)
    names = tuple(result.positiontup or ())
    constants = {name: bind.value for name, bind in result.binds.items() if bind.callable is None and not bind.required}
    return Plan(str(result), names, constants)
