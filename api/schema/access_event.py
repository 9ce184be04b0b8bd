"""AccessEvent: one request in the trail. The trail is read like everything else: decided cell by cell, and recorded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry
from sqlalchemy import Column, ColumnElement, Text, Uuid, case, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from api.reading.category import DataCategory
from api.reading.declare import cell, entity, inline, key, many
from api.reading.entity import Cell, Encode, Entity, Expression, Inline, Many, Source, Tables, id_of
from api.reading.order import Key
from api.schema.connection import Connection
from api.schema.enums import AccessOutcome, DenialReason, Purpose, Role
from api.schema.node import Node
from api.schema.trail import PRICE as PROOF_PRICE
from api.schema.trail import EventProof
from authz.audit.event import access_event
from authz.audit.seal.model import trail_checkpoint
from authz.audit.seal.proofs import proof_material
from authz.audit.seal.proofs import told as told_proof
from authz.audit.seal.statements import first_covering
from domain.cases.model import staff_case
from domain.people.model import person
from tenants.session import CURRENT_TENANT

if TYPE_CHECKING:
    from api.schema.learner import Learner

columns = access_event.c
ACCESS = DataCategory.ACCESS
NEWEST_FIRST = (Key("at", descending=True), Key("id", descending=True))
Parent = ColumnElement[Any] | None

OWN_PART = "AccessEvent before its subject"
"""The events that concern a person, as that person may see them: their own part of each."""
_OWN_ACTOR = "Actor before a subject"

strawberry.enum(AccessOutcome, description="What became of a request.")

# Which of an event's sets a statement looks at: all, or those that a person ($who) is in.
_EVERY = "$[*]"
_THEIRS = "$[*] ? (@.subjects[*] == $who)"


def _event(tables: Tables) -> Any:
    return tables[access_event].c


def _path(value: ColumnElement[Any], path: str, who: Parent) -> ColumnElement[Any]:
    """Return what the JSON path finds in `value`, as an array (PostgreSQL manual, section 9.16.2)."""
    found: ColumnElement[Any] = literal_column(f"'{path}'::jsonpath")
    return func.jsonb_path_query_array(value, found, _who(who), type_=JSONB)


def _who(who: Parent) -> ColumnElement[Any]:
    return literal_column("'{}'::jsonb") if who is None else func.jsonb_build_object("who", cast(who, Text))


def _parts(value: Column[Any], names: tuple[str, ...], *, own: bool) -> Any:
    """Return what makes the parts `names` of each set in an event's `value`, and how many people are in each set."""
    start = _THEIRS if own else _EVERY

    def expression(tables: Tables, parent: Parent) -> ColumnElement[Any]:
        whole, who = _event(tables)[value.name], parent if own else None
        found = [_path(whole, f"{start}.{name}", who) for name in names]
        return func.jsonb_build_array(*found, _path(whole, f"{start}.subjects.size()", who), type_=JSONB)

    return expression


def _disclosures(*, own: bool) -> Encode:
    def encode(text: str) -> list[dict[str, Any]]:
        counts: Counter[tuple[str, str]] = Counter()
        for names, categories, size in zip(*_loaded(text), strict=True):
            for name, category in zip(names, categories, strict=True):
                counts[name, category] += 1 if own else size
        return [
            {"field": name, "category": category, "subjects": number}
            for (name, category), number in sorted(counts.items())
        ]

    return encode


def _denials(*, own: bool) -> Encode:
    def encode(text: str) -> list[dict[str, Any]]:
        counts: Counter[tuple[str, str]] = Counter()
        for name, told, size in zip(*_loaded(text), strict=True):
            counts[name, told] += 1 if own else size
        return [{"field": name, "reason": told, "subjects": number} for (name, told), number in sorted(counts.items())]

    return encode


def _loaded(value: str | list[Any]) -> list[Any]:
    return orjson.loads(value) if isinstance(value, str) else value


def people_in(*, own: bool) -> Expression:
    """Return what makes the array of the people in an event; of one's `own` part: oneself."""

    def expression(tables: Tables, parent: Parent) -> ColumnElement[Any]:
        if own:
            return func.jsonb_build_array(cast(parent, Text), type_=JSONB)
        event = _event(tables)
        return _both(*(_path(event[name], f"{_EVERY}.subjects[*]", None) for name in ("disclosures", "denials")))

    return expression


def told(released: str, denied: str, *, own: bool) -> Expression:
    """Return what makes the array of the parts of an event: `released` of its disclosures, `denied` of its denials."""
    start = _THEIRS if own else _EVERY

    def expression(tables: Tables, parent: Parent) -> ColumnElement[Any]:
        event, who = _event(tables), parent if own else None
        return _both(
            _path(event.disclosures, f"{start}.{released}", who), _path(event.denials, f"{start}.{denied}", who)
        )

    return expression


def _both(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[Any]:
    return first.op("||", return_type=JSONB())(second)


def _case(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    mine = [staff_case.c.tenant_id == CURRENT_TENANT, staff_case.c.id == _event(tables).case_id]
    return select(staff_case.c.ticket).where(*mine).correlate_except(staff_case).scalar_subquery()


def _actor_name(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    someone = person.alias("actor")
    mine = [someone.c.tenant_id == CURRENT_TENANT, someone.c.id == _event(tables).actor_id]
    return select(someone.c.name).where(*mine).correlate_except(someone).scalar_subquery()


def _own_outcome(tables: Tables, parent: Parent) -> ColumnElement[Any]:
    denied = func.jsonb_path_exists(_event(tables).denials, _theirs(), _who(parent))
    return case((denied, AccessOutcome.DENIED.value), else_=AccessOutcome.RELEASED.value)


def _theirs() -> ColumnElement[Any]:
    return literal_column(f"'{_THEIRS}'::jsonpath")


def unless_staff(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    """Return what makes the key of whoever asked; null for the platform's staff, whom no subject gets to know."""
    event = _event(tables)
    return case((event.case_id.is_(None), event.actor_id))


def _sealed_in(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return first_covering(_event(tables).id, trail_checkpoint.c.size)


def _proof(tables: Tables, _parent: Parent) -> ColumnElement[Any]:
    return proof_material(_event(tables).id)


def concerning(tables: Tables, parent: ColumnElement[Any]) -> ColumnElement[bool]:
    """Hold for the events in which a person is among those whose data was released or denied."""
    event = _event(tables)
    return or_(
        func.jsonb_path_exists(event.disclosures, _theirs(), _who(parent)),
        func.jsonb_path_exists(event.denials, _theirs(), _who(parent)),
    )


def _subjects_of(tables: Tables, parent: ColumnElement[Any]) -> ColumnElement[bool]:
    """Hold for the people in an event."""
    event = access_event.alias("told")
    mine = [event.c.tenant_id == CURRENT_TENANT, event.c.id == parent]
    listed = func.jsonb_array_elements_text(people_in(own=False)({access_event: event}, None))
    found = select(cast(listed, Uuid)).where(*mine).correlate_except(event)
    return tables[person].c.id.in_(found)


def _oneself(tables: Tables, parent: ColumnElement[Any]) -> ColumnElement[bool]:
    """Hold for the person whose log it is."""
    return tables[person].c.id == parent


@strawberry.type(description="A field that was released, and of how many people.")
class Disclosure:
    """A field released."""

    field: str = strawberry.field(description="The field, as Type.field.")
    category: DataCategory = strawberry.field(description="Its category.")
    subjects: int = strawberry.field(description="Of how many people it was released.")


@strawberry.type(description="A field that was asked and not released, why, and of how many people.")
class Denial:
    """A field denied."""

    field: str = strawberry.field(description="The field, as Type.field.")
    reason: DenialReason = strawberry.field(description="Why, as it was told.")
    subjects: int = strawberry.field(description="About how many people it was denied.")


@entity(access_event, subject=columns.actor_id, optional_subject=True)
@strawberry.type(
    description="Who asked: by name and role, or, of the platform's staff before a subject, by role alone."
)
class Actor:
    """Who asked."""

    id: strawberry.ID | None = cell(columns.actor_id, ACCESS, "Who it was.", id_of("Learner"))
    name: str | None = cell(_actor_name, ACCESS, "The name they go by now.")
    roles: list[Role] = cell(columns.roles, None, "The roles they held then.")


@entity(access_event, subject=columns.actor_id, optional_subject=True, decided=frozenset({"id"}))
@strawberry.type(description="One request in the trail: who read what of whom, when and why. Never a value.")
class AccessEvent(Node):
    """One request."""

    id: strawberry.ID = key("AccessEvent", of=columns.id)
    at: datetime = cell(columns.at, None, "When.")
    actor: Actor | None = inline("Actor", ACCESS, "Who asked.")
    purpose: Purpose = cell(columns.purpose, None, "Why.")
    case: str | None = cell(_case, None, "The ticket of the staff case that the read belongs to.")
    operation: str | None = cell(columns.operation, None, "The operation's name in its document.")
    document_hash: str = cell(columns.document_hash, None, "The SHA-256 of the document, hexadecimal.")
    outcome: AccessOutcome = cell(columns.outcome, None, "What became of it.")
    subjects: Connection[Annotated["Learner", strawberry.lazy("api.schema.learner")]] | None = many(
        "Learner", _subjects_of, ACCESS, "The people concerned whom the viewer may know of."
    )
    subject_count: int = cell(columns.subject_count, None, "How many people were concerned.")
    disclosures: list[Disclosure] = cell(
        _parts(columns.disclosures, ("fields", "categories"), own=False), None, "What was released.",
        _disclosures(own=False), record="Disclosure",
    )  # fmt: skip
    denials: list[Denial] = cell(
        _parts(columns.denials, ("field", "told"), own=False), None, "What was denied.",
        _denials(own=False), record="Denial",
    )  # fmt: skip
    policy_version: str = cell(columns.policy_version, None, "The version of the policy that decided.")
    request_id: str = cell(columns.request_id, None, "The request's id, as the logs have it.")
    ip: str | None = cell(columns.client_address, DataCategory.TECHNICAL, "The address the actor came from.")
    sealed_in: int | None = cell(
        _sealed_in, None, "The size of the first signed tree that covers it; null until it is sealed."
    )
    proof: EventProof | None = cell(
        _proof, None, "The proof that it is in that tree; null until it is sealed.", told_proof,
        record="EventProof", price=PROOF_PRICE,
    )  # fmt: skip


def variants(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Return the events as a person sees those that concern them: their own part, and of staff no name."""
    whole, actor = entities["AccessEvent"], entities["Actor"]
    disclosures = _parts(columns.disclosures, ("fields", "categories"), own=True)
    denials = _parts(columns.denials, ("field", "told"), own=True)
    sources: dict[str, Source] = {
        **whole.sources,
        "actor": Inline(_OWN_ACTOR, ACCESS.value),
        "outcome": Cell(_own_outcome),
        # In everybody's own part there is nobody but themselves.
        "subjects": Many("Learner", _oneself, ACCESS.value, of_owner=True),
        "subjectCount": Cell(lambda _tables, _parent: literal_column("1")),
        "disclosures": Cell(disclosures, None, _disclosures(own=True), record="Disclosure"),
        "denials": Cell(denials, None, _denials(own=True), record="Denial"),
        # The address is the actor's own, whatever the viewer is to the person whose log it is.
        "ip": Cell(columns.client_address, DataCategory.TECHNICAL.value, met_as="AccessEvent"),
    }
    named = Cell(unless_staff, ACCESS.value, id_of("Learner"))
    return {
        OWN_PART: replace(whole, sources=sources, variant="own"),
        # The name of the platform's staff is in no tenant but theirs.
        _OWN_ACTOR: replace(actor, sources={**actor.sources, "id": named}, variant="own"),
    }
