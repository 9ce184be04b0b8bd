"""Plans of statements, kept while they are used."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sqlalchemy import Select

from tenants.statements import Plan, compiled

_MOST = 2048


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
