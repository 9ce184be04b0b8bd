"""The demo as the reader's tests have it, and ways to ask beforehand."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.api.reading.conftest import Ask, ask, demo, demo_client, tokens
from tests.api.reading.overheard import Overheard, overhear

__all__ = ["ask", "demo", "demo_client", "tokens"]

Explain = Callable[..., Awaitable[dict[str, Any]]]

EXPLAIN = """query Beforehand($document: String!, $variables: JSON, $as: Role) {
    explain(document: $document, variables: $variables, as: $as) {
        cost statements fields { field readable reason rule role subject purpose } } }"""


@pytest.fixture
def explain(ask: Ask) -> Explain:
    """Give a way to have a document explained to somebody of the cast."""

    async def explaining(who: str, document: str, variables: object = None, role: str | None = None) -> dict[str, Any]:
        answer = await ask(who, EXPLAIN, document=document, variables=variables, **{"as": role})
        assert "errors" not in answer, answer
        explained: dict[str, Any] = answer["data"]["explain"]
        return explained

    return explaining


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    return overhear(monkeypatch)


def fields_of(explained: dict[str, Any]) -> list[str]:
    """Return the fields explained, each once, in their order."""
    return list(dict.fromkeys(entry["field"] for entry in explained["fields"]))
