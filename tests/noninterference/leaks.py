"""Leaks planted in the program: each lets through, in one way, what the viewer may not see."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from graphql import FieldNode, FragmentSpreadNode, GraphQLError, InlineFragmentNode
from graphql.execution.collect_fields import FieldDetails
from sqlalchemy import true

from api.ids import encode_id
from api.reading import order
from api.reading.entity import Cell
from api.reading.fetch import Fetched, Fetcher
from api.reading.inner import PageSelect
from api.reading.reader import Reader
from api.reading.reads import Made
from api.reading.selection import Asked, Collector
from api.reading.standing import Standing
from api.schema.mutations import call
from domain.people.model import person
from tenants.keys.rows import opened_rows
from tests.noninterference.planting import TABLES, after_each_list, after_each_read, exists, raw_value, where_nothing_is

Plant = Callable[[pytest.MonkeyPatch], None]


def filter_by_what_is_hidden(patch: pytest.MonkeyPatch) -> None:
    """A filter tests the value, whether it may be read or not."""
    patch.setattr("api.reading.conditions.within", lambda _situation, _allowed: true())


def sort_by_what_is_hidden(patch: pytest.MonkeyPatch) -> None:
    """A list is ordered by the value itself."""
    patch.setattr(PageSelect, "_masked", raw_value)


def seal_what_is_hidden_in_a_cursor(patch: pytest.MonkeyPatch) -> None:
    """A list is ordered as it should be, and its cursors hold the value itself."""
    masked, ordered = PageSelect._masked, order.ordering
    instead: dict[int, tuple[Any, Any]] = {}

    def raw(self: PageSelect, *given: Any, **more: Any) -> Any:
        found = raw_value(self, *given, **more)
        instead[id(found)] = (found, masked(self, *given, **more))
        return found

    def ordering(keys: Any, values: Any, **how: Any) -> Any:
        return ordered(keys, [instead.get(id(value), (0, value))[1] for value in values], **how)

    patch.setattr(PageSelect, "_masked", raw)
    patch.setattr("api.reading.inner.ordering", ordering)
    # The page comes in its order already.
    patch.setattr("api.reading.statement.ordering", lambda *_given, **_how: [])


def count_what_is_hidden(patch: pytest.MonkeyPatch) -> None:
    """Whether a list goes on is found by counting its table."""

    async def count(fetcher: Fetcher, fetched: Fetched, kind: str, size: int, parents: Any) -> None:
        if parents is None and kind in TABLES:
            ((number,),) = await fetcher.session.fetch(f"SELECT count(*) FROM {TABLES[kind]}", [])
            fetched.groups[None].has_next = number > size

    after_each_list(patch, count)


def count_what_is_hidden_in_a_nested_list(patch: pytest.MonkeyPatch) -> None:
    """Whether a list inside an object goes on is found by counting all that belongs to the object."""

    async def count(fetcher: Fetcher, fetched: Fetched, kind: str, size: int, parents: Any) -> None:
        if parents is None or kind != "Enrollment":
            return
        statement = "SELECT count(*) FROM enrollment WHERE course_id = $1 OR learner_id = $1"
        for key, group in fetched.groups.items():
            ((number,),) = await fetcher.session.fetch(statement, [key])
            group.has_next = number > size

    after_each_list(patch, count)


def run_a_statement_for_each_hidden_row(patch: pytest.MonkeyPatch) -> None:
    """Rows are looked at one by one, also those that are dropped afterwards."""

    async def look(fetcher: Fetcher, fetched: Fetched, kind: str, _size: int, _parents: Any) -> None:
        if kind in TABLES:
            for row in await fetcher.session.fetch(f"SELECT id FROM {TABLES[kind]}", []):
                if all(row[0] not in record for group in fetched.groups.values() for record in group.records):
                    await fetcher.session.fetch("SELECT 1", [])

    after_each_list(patch, look)


def write_what_is_hidden_into_a_statement(patch: pytest.MonkeyPatch) -> None:
    """A statement's text depends on how many rows there are, as a list of constants would."""

    async def look(fetcher: Fetcher, _fetched: Fetched, kind: str, _size: int, _parents: Any) -> None:
        if kind in TABLES:
            ((number,),) = await fetcher.session.fetch(f"SELECT count(*) FROM {TABLES[kind]}", [])
            await fetcher.session.fetch(f"SELECT {number}", [])

    after_each_list(patch, look)


def quote_what_is_hidden_in_an_error(patch: pytest.MonkeyPatch) -> None:
    """The error of a denied cell tells the value."""

    async def quote(reader: Reader, value: Any) -> Any:
        if reader.ledger.errors:
            session = reader._fetcher.session
            rows = await session.fetch("SELECT id, phone FROM person ORDER BY id", [])
            people = await opened_rows(session, person, [{"id": row[0], "phone": row[1]} for row in rows])
            told = ", ".join(str(each["phone"]) for each in people)
            reader.ledger.errors[-1][1].message += f" It is not {told}."
        return value

    after_each_read(patch, quote)


def tell_a_hidden_row_from_a_missing_one(patch: pytest.MonkeyPatch) -> None:
    """An object that is there is refused with an error, one that is not there is null."""

    async def refuse(reader: Reader, kind: str, key: UUID, fields: list[FieldDetails]) -> Any:
        if await exists(reader, kind, key):
            raise GraphQLError("This may not be seen.", extensions={"code": "FIELD_FORBIDDEN"})
        return None

    where_nothing_is(patch, refuse)


def skip_the_mask_in_a_fragment_on_the_interface(patch: pytest.MonkeyPatch) -> None:
    """What is asked through the interface is answered without looking who asks."""

    async def answer(reader: Reader, kind: str, key: UUID, fields: list[FieldDetails]) -> Any:
        selection = fields[0].node.selection_set
        parts = selection.selections if selection else ()
        through = [each for each in parts if isinstance(each, FragmentSpreadNode | InlineFragmentNode)]
        if not through or not await exists(reader, kind, key):
            return None
        asked = [each for each in parts if isinstance(each, FieldNode)]
        names = [each.alias.value if each.alias else each.name.value for each in asked] or ["id"]
        return dict.fromkeys(names, encode_id(kind, key))

    where_nothing_is(patch, answer)


def skip_the_mask_for_an_alias(patch: pytest.MonkeyPatch) -> None:
    """A field under another name is not found among those that are decided."""
    allowed, collected = Standing.allowed, Collector._asked
    renamed: set[tuple[str, str]] = set()

    def asked(self: Collector, entity: Any, key: str, *given: Any) -> Asked:
        found = collected(self, entity, key, *given)
        if found.key != found.name:
            renamed.add((entity.name, found.name))
        return found

    def open_to_all(self: Standing, entity: Any, name: str) -> frozenset[int]:
        is_open = (entity.name, name) in renamed and name != "id" and isinstance(entity.sources[name], Cell)
        return allowed(self, entity, "id") if is_open else allowed(self, entity, name)

    patch.setattr(Collector, "_asked", asked)
    patch.setattr(Standing, "allowed", open_to_all)


def tell_the_real_reason(patch: pytest.MonkeyPatch) -> None:
    """Why a cell is denied is told to everybody."""
    patch.setattr("authz.reasons._Case.told", lambda _case, _field, real: real)


def read_a_payload_past_the_reader(patch: pytest.MonkeyPatch) -> None:
    """What a mutation changed is shown as it stands in its row."""
    module, writers = "api.schema.mutations.withdraw", list[Any]()

    def writer_of(info: Any) -> Any:
        writers.append(call.writer_of(info))
        return writers[-1]

    def promise(kind: str, key: UUID) -> Made:
        return Made(lambda: shown(kind, key))

    async def shown(kind: str, key: UUID) -> Mapping[str, Any]:
        (row,) = await writers[-1].session.fetch("SELECT average_score, status FROM enrollment WHERE id = $1", [key])
        nobody = {"id": None, "name": None, "email": None}
        told = {"id": encode_id(kind, key), "averageScore": row[0], "status": row[1], "learner": nobody}
        return told | dict.fromkeys(("progress", "enrolledAt"), None) | {"course": {"code": ""}}

    patch.setattr(f"{module}.writer_of", writer_of)
    patch.setattr(f"{module}.promise", promise)
