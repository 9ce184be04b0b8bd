"""Which columns are sealed follows the category in the schema: one that should be and is stored in clear is found."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, DateTime

from api.reading.declare import entities_of
from api.reading.entity import Cell, Entity
from api.schema.access_event import variants
from api.schema.build import build_schema
from authz.audit.event import access_event
from domain.people.model import person
from tenants.keys.columns import Sealed

CATEGORIES = {"CONTACT", "DEMOGRAPHIC", "TECHNICAL", "COMMUNICATION"}
ENTITIES = entities_of(build_schema())


def cells(entities: dict[str, Entity]) -> Iterator[tuple[str, Entity, Column[Any] | None]]:
    """Every field of these categories, with its column if its value is one."""
    for entity in (*entities.values(), *variants(entities).values()):
        for name, source in entity.sources.items():
            if isinstance(source, Cell) and source.category in CATEGORIES:
                column = source.source if isinstance(source.source, Column) else None
                yield f"{entity.name}.{name}", entity, column


def in_clear(entities: dict[str, Entity]) -> list[str]:
    return [
        field
        for field, _, column in cells(entities)
        if column is None or not isinstance(column.type, Sealed | DateTime)
    ]


def test_no_column_of_these_categories_is_stored_in_clear_but_time_stamps() -> None:
    assert len(list(cells(ENTITIES))) > 10
    assert in_clear(ENTITIES) == []


def test_birth_dates_and_the_address_and_device_of_events_are_sealed_though_no_field_shows_them_all() -> None:
    columns = (person.c.birth_date, access_event.c.client_address, access_event.c.client_device)
    assert all(isinstance(column.type, Sealed) for column in columns)


@pytest.mark.parametrize("column", ["phone", "gender", "last_ip"])
def test_a_column_that_is_stored_in_clear_is_found(column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person.c[column], "type", person.c.title.type)
    assert any(field.lower() == f"learner.{column.replace('_', '')}" for field in in_clear(ENTITIES))


def test_a_sealed_value_is_sealed_with_the_key_of_the_person_whom_its_row_describes() -> None:
    for field, entity, column in cells(ENTITIES):
        if column is None or not isinstance(column.type, Sealed):
            continue
        assert entity.subject is not None, field
        assert entity.subject is column.table.c[column.type.owner], field
        assert column.table is entity.table, field
