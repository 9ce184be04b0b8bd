"""Listening at the one place through which statements go and rows come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tenants.session import ReadSession, Values
from tenants.statements import Plan


@dataclass(slots=True)
class Overheard:
    """What went to the database through sessions, and what came back."""

    statements: list[str] = field(default_factory=list)
    """The texts of those that read for an answer, in order."""
    others: list[str] = field(default_factory=list)
    """The texts of the rest: who asks, and the record."""
    rows: list[Sequence[Any]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how many statements there were, without those that open and end the transaction."""
        return len(self.statements) + len(self.others)

    def clear(self) -> None:
        """Forget everything."""
        for heard in (self.statements, self.others, self.rows):
            heard.clear()


def overhear(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    """Listen to every session from here on."""
    heard = Overheard()
    fetch, run, rows = ReadSession.fetch, ReadSession.run, ReadSession.rows

    async def fetching(self: ReadSession, statement: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        if statement not in heard.others:
            heard.statements.append(statement)
        found = await fetch(self, statement, arguments)
        heard.rows.extend(tuple(row) for row in found)
        return found

    async def running(self: ReadSession, plan: Plan, values: Values) -> Sequence[Any]:
        heard.others.append(plan.text)
        return await run(self, plan, values)

    async def asking(self: ReadSession, statement: Any, values: Any = None) -> Any:
        heard.others.append(str(statement))
        found = await rows(self, statement, values)
        heard.rows.extend(tuple(row) for row in found)
        return found

    monkeypatch.setattr(ReadSession, "fetch", fetching)
    monkeypatch.setattr(ReadSession, "run", running)
    monkeypatch.setattr(ReadSession, "rows", asking)
    return heard
