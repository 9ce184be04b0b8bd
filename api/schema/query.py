"""Query: where every question begins."""

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from api.asking.explanation import PRICE, explanation
from api.asking.matrix import MOST_RULES, rules
from api.context import Context
from api.ids import MalformedIdError, decode_id
from api.reading.declare import many, promised
from api.reading.page import bad_input
from api.reading.reads import Made, Read, ReadEach
from api.schema import lists
from api.schema.access import AccessRule, Explanation
from api.schema.access_event import NEWEST_FIRST, AccessEvent
from api.schema.access_filters import access_event_filters
from api.schema.access_index import by_terms
from api.schema.connection import Connection
from api.schema.course import Course
from api.schema.enums import Purpose, Role, SubjectFlag
from api.schema.inputs import AccessEventFilter
from api.schema.learner import Learner
from api.schema.node import Node
from api.schema.tenant import Tenant
from api.schema.trail import PRICE as PROOF_PRICE
from api.schema.trail import SIZES, ConsistencyProof, consistency
from api.schema.viewer import Viewer, resolve_viewer

MOST_IDS = 100
"""Ids in one `nodes`."""

_ID = {"id": (strawberry.ID, "Its id.")}
_CELLS = {
    "role": (Role | None, "Only this role."),
    "subject": (list[SubjectFlag] | None, "Only this kind of person: no flag is an adult. Left out: every kind."),
    "purpose": (Purpose | None, "Only this purpose."),
}
_EXPLAINED = {
    "document": (str, "The text of one query."),
    "variables": (JSON | None, "Its variables, an object."),
    "as": (Role | None, "For somebody with this role alone. Left out: for the viewer, with all their roles."),
}


def _key(text: str) -> tuple[str, Any]:
    try:
        return decode_id(text)
    except MalformedIdError as error:
        raise bad_input(str(error)) from None


def _object(context: Context, kind: str | None, arguments: Mapping[str, Any]) -> Read | None:
    """Return the promise of the object with that id; None for an id of another type than `kind`."""
    found, key = _key(arguments["id"])
    known = found in context.reading.entities and (kind is None or found == kind)
    return Read(found, key) if known else None


def _objects(context: Context, arguments: Mapping[str, Any]) -> ReadEach:
    if len(arguments["ids"]) > MOST_IDS:
        raise bad_input(f"Ask for at most {MOST_IDS} ids at once.")
    return ReadEach([_one(context, text) for text in arguments["ids"]])


def _one(context: Context, text: str) -> tuple[str, Any] | GraphQLError | None:
    try:
        found = _key(text)
    except GraphQLError as error:
        return error
    return found if found[0] in context.reading.entities else None


def _rules(context: Context, arguments: Mapping[str, Any]) -> Made:
    return Made(lambda: rules(context.reader.mask, *(arguments.get(name) for name in _CELLS)))


def _explanation(context: Context, arguments: Mapping[str, Any]) -> Made:
    text: str = arguments["document"]
    return Made(lambda: explanation(context, text, arguments.get("variables"), arguments.get("as")))


@strawberry.type(description="Where every question begins.")
class Query:
    """The root of every query."""

    node: Node | None = promised(lambda c, a: _object(c, None, a), "Any object by its id.", _ID)
    nodes: list[Node | None] = promised(
        _objects, "Objects by their ids, in the same order.", {"ids": (list[strawberry.ID], "Their ids, at most 100.")}
    )
    viewer: Viewer = strawberry.field(resolver=resolve_viewer, description="Who is asking, by the token that was sent.")
    tenant: Tenant = promised(lambda c, _: Read("Tenant", c.viewer.tenant_id), "The tenant the viewer is signed in to.")
    learner: Learner | None = promised(lambda c, a: _object(c, "Learner", a), "A person by their id.", _ID)
    learners: Connection[Learner] = many(
        "Learner", lists.everybody, None, "The tenant's people, as far as the viewer may know.",
        filters=lists.LEARNER_FILTERS, orders=lists.LEARNER_ORDERS,
    )  # fmt: skip
    course: Course | None = promised(lambda c, a: _object(c, "Course", a), "A course by its id.", _ID)
    courses: Connection[Course] = many(
        "Course", lists.every_row, None, "The tenant's courses.",
        filters=lists.COURSE_FILTERS, orders=lists.COURSE_ORDERS,
    )  # fmt: skip
    access_events: Connection[AccessEvent] = many(
        "AccessEvent", lists.every_row, None, "The trail, as far as the viewer may look into it; newest first.",
        filters=(AccessEventFilter, access_event_filters(own=False)), plain_order=NEWEST_FIRST,
        found_by=by_terms,
    )  # fmt: skip
    trail_consistency: ConsistencyProof = promised(
        consistency, "That the trail's signed tree only grew. Says nothing about a person.", SIZES, price=PROOF_PRICE
    )
    access_matrix: list[AccessRule] = promised(
        _rules, "The policy in force for the viewer's tenant, cell by cell. Says nothing about a person.", _CELLS,
        most=MOST_RULES,
    )  # fmt: skip
    explain: Explanation = promised(
        _explanation, "What a query would meet if it were sent; nothing of it is read.", _EXPLAINED, price=PRICE
    )
