"""Which access events: by who asked, of whom, what, why and when."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func

from api.ids import MalformedIdError, decode_id
from api.reading.entity import Filter, Tables
from api.reading.page import bad_input
from api.schema import filters
from api.schema.access_event import people_in, told, unless_staff
from authz.audit.event import access_event
from authz.viewer import Role
from domain.people.model import person

Parent = ColumnElement[Any] | None


def access_event_filters(*, own: bool) -> dict[str, Filter]:
    """Return the filters of a list of events; `own`: of those that concern somebody, which tell of nobody else."""
    return {
        "actor": Filter("actor", _person, _is, value=unless_staff if own else _actor),
        "subject": Filter("subjects", _person, _holds, value=people_in(own=True)) if own else _SUBJECT,
        "field": Filter("disclosures", filters.plain_text, _holds, value=told("fields[*]", "field", own=own)),
        "category": Filter("disclosures", _listed, _holds_any, value=told("categories[*]", "category", own=own)),
        "purpose": filters.one_of("purpose"),
        "role": Filter("actor", _listed, _shares, value=_roles),
        "case": Filter("case", filters.plain_text, _is_text),
        "outcome": filters.one_of("outcome"),
        "operation": Filter("operation", filters.plain_text, _is_text),
        "at": filters.time("at"),
    }


def _actor(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return tables[access_event].c.actor_id


def _concerns(tables: Tables, related: Tables) -> ColumnElement[bool]:
    """Hold for a person in an event."""
    return func.jsonb_exists(people_in(own=False)(tables, None), cast(related[person].c.id, Text))


def _roles(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return tables[access_event].c.roles


def _listed(values: list[Any]) -> dict[str, Any]:
    return {"in": [str(value) for value in values]}


def _person(text: str) -> dict[str, Any]:
    try:
        return {"is": str(decode_id(text)[1])}
    except MalformedIdError as error:
        raise bad_input(str(error)) from None


def _is(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return cast(value, Text) == cast(bind("is"), Text)


def _is_text(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return value == cast(bind("is"), Text)


def _holds(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return func.jsonb_exists(value, cast(bind("is"), Text))


def _holds_any(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return func.jsonb_exists_any(value, cast(bind("in"), ARRAY(Text)))


def _shares(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return value.op("&&")(cast(bind("in"), ARRAY(Text)))


# Whoever does not exist for the viewer is not searched for. Who was erased, or is of the platform's staff, is
# nobody here and known to those who look into the trail.
_SUBJECT = Filter(
    "subjects", _person, _is, related="Learner", relates=_concerns, related_column=person.c.id,
    beyond=(frozenset({Role.SECURITY, Role.PRIVACY}), people_in(own=False)),
)  # fmt: skip
