"""Writing what a request released and denied, in the transaction of the read itself: no record, no answer."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, bindparam, insert, select

from authz.audit.event import AccessOutcome, access_event
from authz.reasons import DenialReason, purpose_of
from authz.viewer import Purpose, Role, Viewer
from tenants.connection import StatementFailedError
from tenants.ids import uuid7
from tenants.keys.cells import UnreadableError
from tenants.keys.master import MasterKeyError
from tenants.keys.rows import sealed_values
from tenants.model import agreement
from tenants.session import CURRENT_TENANT, ReadSession, in_tenant
from tenants.statements import compiled

Disclosures = Mapping[str, AbstractSet[UUID]]
"""The fields released (`Type.field`), each with the people it was released of."""
Denials = Mapping[tuple[str, DenialReason, DenialReason], AbstractSet[UUID]]
"""The fields denied, each with the real reason and the one that was told, and the people it was denied about."""

_ADDED = [column.name for column in access_event.c if column.name != "retention_years"]


class TrailUnavailableError(Exception):
    """The event could not be written, so nothing may leave."""


@dataclass(frozen=True, slots=True)
class Event:
    """One request as the trail keeps it: no value, no literal of the document."""

    viewer: Viewer
    capacities: Sequence[str]
    operation: str | None
    document_hash: str
    request_id: str
    policy_version: str
    disclosures: Disclosures
    denials: Denials
    category_of: Callable[[str], str]
    """Of `Type.field`, as the policy in force has it."""
    client_address: str | None = None
    client_device: str | None = None
    refused: bool = False
    """The request failed as a whole, and nothing of it left."""


async def record(session: ReadSession, event: Event) -> None:
    """Write `event` in the session's transaction; nothing for a request that released and denied nothing personal.

    Raises `TrailUnavailableError` and `DatabaseUnavailableError`.
    """
    if not event.disclosures and not event.denials and not event.refused:
        return
    try:
        row = _row(event)
        client = {"client_address": event.client_address, "client_device": event.client_device}
        row |= await sealed_values(session, access_event, row["id"], row["actor_id"], client)
        await session.run(_INSERT, row)
    except (StatementFailedError, MasterKeyError) as error:
        raise TrailUnavailableError(str(error)) from None
    except UnreadableError:
        raise TrailUnavailableError("The key of the one who asks does not unwrap.") from None


def sets_of(disclosures: Disclosures, category_of: Callable[[str], str]) -> list[dict[str, list[str]]]:
    """Return the disclosures as sets of fields, with their categories, that were released of the very same people."""
    fields: dict[frozenset[UUID], list[str]] = defaultdict(list)
    for field, subjects in disclosures.items():
        fields[frozenset(subjects)].append(field)
    return [
        {
            "fields": sorted(names),
            "categories": [category_of(name) for name in sorted(names)],
            "subjects": sorted(map(str, subjects)),
        }
        for subjects, names in fields.items()
    ]


def purpose_for(viewer: Viewer, capacities: Sequence[str]) -> Purpose:
    """Return the one purpose that stands for the request: that of the farthest-reaching capacity used."""
    used = [role for role in viewer.roles if role.value in capacities] or list(viewer.roles)
    return purpose_of(max(used, key=list(Role).index), viewer.purpose)


def _outcome(event: Event) -> AccessOutcome:
    if event.refused:
        return AccessOutcome.REFUSED
    return AccessOutcome.DENIED if event.denials else AccessOutcome.RELEASED


def _row(event: Event) -> dict[str, Any]:
    denials = [
        {
            "field": field,
            "reason": real.value,
            "told": told.value,
            "category": event.category_of(field),
            "subjects": sorted(map(str, subjects)),
        }
        for (field, real, told), subjects in sorted(event.denials.items())
    ]
    people = set().union(*event.disclosures.values(), *event.denials.values())
    viewer = event.viewer
    return {
        "at": datetime.now(UTC),
        "id": uuid7(),
        "actor_id": viewer.person_id,
        "roles": [role.value for role in viewer.roles],
        "capacities": list(event.capacities),
        "session_id": viewer.session_id,
        "case_id": viewer.case_id,
        "purpose": purpose_for(viewer, event.capacities).value,
        "operation": event.operation,
        "document_hash": event.document_hash,
        "request_id": event.request_id,
        "policy_version": event.policy_version,
        "outcome": _outcome(event).value,
        "subject_count": len(people),
        "disclosures": orjson.dumps(sets_of(event.disclosures, event.category_of)).decode(),
        "denials": orjson.dumps(denials).decode(),
    }


def _insert() -> Insert:
    """Return the statement that adds an event for as long as the tenant's newest agreement says."""
    years = (
        select(agreement.c.retention_years).where(in_tenant(agreement)).order_by(agreement.c.version.desc()).limit(1)
    )
    given = {name: bindparam(name, type_=access_event.c[name].type) for name in _ADDED if name != "tenant_id"}
    return insert(access_event).values(tenant_id=CURRENT_TENANT, retention_years=years.scalar_subquery(), **given)


_INSERT = compiled(_insert())
