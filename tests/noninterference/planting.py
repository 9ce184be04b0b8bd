"""Where leaks are let in: what the planted ones have in common."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from graphql.execution.collect_fields import FieldDetails
from sqlalchemy import ColumnElement

from api.reading.fetch import Fetched, Fetcher
from api.reading.inner import PageSelect
from api.reading.reader import Reader

TABLES = {"Learner": "person", "Enrollment": "enrollment", "Seat": "seat", "AccessEvent": "access_event"}


def raw_value(_page: PageSelect, entity: Any, name: str, tables: Any, *_given: Any) -> ColumnElement[Any]:
    """Return the value that a page is ordered by as it stands in its row: in the place of `PageSelect._masked`."""
    if name == "id":
        found: ColumnElement[Any] = tables[entity.table].c[entity.key.name]
        return found
    value: ColumnElement[Any] = entity.sources[name].expression(tables)
    return value


def after_each_list(patch: pytest.MonkeyPatch, do: Callable[..., Any]) -> None:
    """Let `do` have a look at each list that was read: its fetcher, what it read, the type, the size, the parents."""
    read = Fetcher.connection

    async def connection(self: Fetcher, asked: Any, parents: Any, parent: UUID | None = None) -> Fetched:
        fetched = await read(self, asked, parents, parent)
        await do(self, fetched, asked.target.name, asked.page.size, parents)
        return fetched

    patch.setattr(Fetcher, "connection", connection)


def after_each_read(patch: pytest.MonkeyPatch, do: Callable[..., Any]) -> None:
    """Let `do` return what stands at the answer's root, given the reader and what it made."""
    for name in ("object", "connection"):
        read = getattr(Reader, name)

        async def reading(self: Reader, *given: Any, _read: Any = read) -> Any:
            return await do(self, await _read(self, *given))

        patch.setattr(Reader, name, reading)


def where_nothing_is(patch: pytest.MonkeyPatch, do: Callable[..., Any]) -> None:
    """Let `do` answer for an object that does not exist for the viewer: reader, type, key, what is asked of it."""
    read = Reader.object

    async def reading(self: Reader, promise: Any, fields: list[FieldDetails], *given: Any) -> Any:
        value = await read(self, promise, fields, *given)
        return await do(self, promise.kind, promise.key, fields) if value is None else value

    patch.setattr(Reader, "object", reading)


async def exists(reader: Reader, kind: str, key: UUID) -> bool:
    """Return whether there is such a row in the tenant, for whomever."""
    if kind not in TABLES:
        return False
    return bool(await reader._fetcher.session.fetch(f"SELECT 1 FROM {TABLES[kind]} WHERE id = $1", [key]))
