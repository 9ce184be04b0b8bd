"""Which access events: by who asked, of whom, what, why and when."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, cast, func, select

from api.ids import MalformedIdError, decode_id
from api.reading.entity import Filter, Tables
from api.reading.page import bad_input
from api.schema import filters
from api.schema.access_event import people_in, told, unless_staff
from authz.audit.event import access_event
from authz.audit.terms import TermKind, term_of
from authz.viewer import Role
from domain.cases.model import staff_case
from domain.people.model import person
from tenants.session import CURRENT_TENANT

Parent = ColumnElement[Any] | None


def access_event_filters(*, own: bool) -> dict[str, Filter]:
    """Return the filters of a list of events; `own`: of those that concern somebody, which tell of nobody else."""
    return {
        "actor": Filter(
            "actor", _person_as(TermKind.ACTOR), _is, value=unless_staff if own else _actor, finds=(2, _by_term)
        ),
        "subject": Filter("subjects", _person, _holds, value=people_in(own=True)) if own else _SUBJECT,
        "field": Filter(
            "disclosures", _text_as(TermKind.FIELD), _holds, value=told("fields[*]", "field", own=own),
            finds=(4, _by_term),
        ),
        "category": Filter(
            "disclosures", _listed_as(TermKind.CATEGORY), _holds_any, value=told("categories[*]", "category", own=own),
            finds=(5, _by_term),
        ),
        "purpose": replace(filters.one_of("purpose"), parts=_listed_as(TermKind.PURPOSE), finds=(7, _by_term)),
        "role": Filter("actor", _listed_as(TermKind.ROLE), _shares, value=_roles, finds=(6, _by_term)),
        "case": Filter("case", filters.plain_text, _is_text, finds=(1, _by_case)),
        # Of one's own part the outcome may be another than that of the whole, which is what events are found by.
        "outcome": filters.one_of("outcome") if own else _OUTCOME,
        "operation": Filter("operation", _text_as(TermKind.OPERATION), _is_text, finds=(3, _by_term)),
        "at": filters.time("at"),
    }  # fmt: skip


def _actor(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return tables[access_event].c.actor_id


def _concerns(tables: Tables, related: Tables) -> ColumnElement[bool]:
    """Hold for a person in an event."""
    return func.jsonb_exists(people_in(own=False)(tables, None), cast(related[person].c.id, Text))


def _roles(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return tables[access_event].c.roles


def _listed_as(kind: TermKind) -> Callable[[list[Any]], dict[str, Any]]:
    """Return what binds a list's values, and each as a term of `kind`: the statement's text has a branch for each."""

    def parts(values: list[Any]) -> dict[str, Any]:
        listed = [str(value) for value in values]
        terms = {f"term_{number}": term_of(kind, value) for number, value in enumerate(dict.fromkeys(listed))}
        return {"in": listed, **terms}

    return parts


def _text_as(kind: TermKind) -> Callable[[str], dict[str, Any]]:
    """Return what binds a text, and it as a term of `kind`."""
    return lambda value: {**filters.plain_text(value), "term_0": term_of(kind, value)}


def _person_as(kind: TermKind) -> Callable[[str], dict[str, Any]]:
    """Return what binds a person, and it as a term of `kind`."""

    def parts(text: str) -> dict[str, Any]:
        found = _person(text)
        return {**found, "term_0": term_of(kind, found["is"])}

    return parts


def _subject(text: str) -> dict[str, Any]:
    found = _person(text)
    return {**found, "term_0": UUID(found["is"])}


def _person(text: str) -> dict[str, Any]:
    try:
        return {"is": str(decode_id(text)[1])}
    except MalformedIdError as error:
        raise bad_input(str(error)) from None


def _by_term(term: ColumnElement[Any], bind: Any, names: frozenset[str]) -> list[ColumnElement[bool]]:
    return [term == bind(name) for name in sorted(names) if name.startswith("term_")]


def _by_case(term: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> list[ColumnElement[bool]]:
    found = staff_case.alias("found_case")
    ticket = found.c.ticket == cast(bind("is"), Text)
    cases = select(found.c.id).where(found.c.tenant_id == CURRENT_TENANT, ticket).correlate_except(found)
    return [term.in_(cases)]


def _is(value: ColumnElement[Any], bind: Any, _names: frozenset[str]) -> ColumnElement[bool]:
    return cast(value, Text) == cast(bind("is"), Text)


def _is_person(value: ColumnElement[Any], bind: Any, names: frozenset[str]) -> ColumnElement[bool]:
    # A key is compared as a key, so that its index serves; among the people in an event they are text.
    return value == bind("term_0") if isinstance(value.type, Uuid) else _is(value, bind, names)


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
_OUTCOME = replace(filters.one_of("outcome"), parts=_listed_as(TermKind.OUTCOME), finds=(8, _by_term))
_SUBJECT = Filter(
    "subjects", _subject, _is_person, related="Learner", relates=_concerns, related_column=person.c.id,
    beyond=(frozenset({Role.SECURITY, Role.PRIVACY}), people_in(own=False)),
    finds=(0, _by_term),
)  # fmt: skip
