"""Writing who changed what, in the transaction of the change itself: no record, no change.

Of a value only a keyed hash is kept. Whoever holds the installation's secret and knows an object's history can prove
it; whoever reads the table learns nothing from it but what is the same as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from hmac import new as hmac
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import bindparam, insert

from authz.audit.change import change_event
from authz.audit.recorder import TrailUnavailableError
from authz.viewer import Viewer
from tenants.connection import StatementFailedError
from tenants.ids import uuid7
from tenants.session import CURRENT_TENANT, WriteSession
from tenants.statements import compiled

_KEY_BYTES = 32
_GIVEN = [column for column in change_event.c if column.name != "tenant_id"]
_INSERT = compiled(
    insert(change_event).values(
        tenant_id=CURRENT_TENANT, **{column.name: bindparam(column.name, type_=column.type) for column in _GIVEN}
    )
)


class FieldChange(NamedTuple):
    """A field (`Type.field`), what it held before and what it holds now: None, a text, number, truth, time or id."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One accepted call of a mutation, with all that it changed in one object; nothing, where all was so already."""

    viewer: Viewer
    capacities: Sequence[str]
    """In which the viewer met the one concerned."""
    request_id: str
    policy_version: str
    mutation: str
    object_type: str
    object_id: UUID
    subject_id: UUID | None
    """Whom the object describes."""
    changes: Sequence[FieldChange]


class ChangeSeal:
    """Makes the keyed hashes of one installation's values; every process with the same `secret` makes the same."""

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"sextrontgen changes 1").derive(secret)

    def seal(self, tenant_id: UUID, object_type: str, object_id: UUID, field: str, value: object) -> str:
        """Return the HMAC-SHA256 (RFC 2104) of a value, 64 hexadecimal digits.

        What is hashed is the canonical JSON (RFC 8785) of the array of tenant, type, object, field and value, so that
        the same value in two places has two hashes. Times are in it as ISO 8601 in UTC. Raises `TypeError` for a value
        that has no one form.
        """
        said = [str(tenant_id), object_type, str(object_id), field, _plain(value)]
        return hmac(self._key, orjson.dumps(said), sha256).hexdigest()


async def record_change(session: WriteSession, event: ChangeEvent, seal: ChangeSeal) -> None:
    """Write `event` in the session's transaction. Raises `TrailUnavailableError` and `DatabaseUnavailableError`."""
    try:
        await session.run(_INSERT, _row(session.tenant_id, event, seal))
    except StatementFailedError as error:
        raise TrailUnavailableError(str(error)) from None


def _row(tenant_id: UUID, event: ChangeEvent, seal: ChangeSeal) -> dict[str, Any]:
    place = (tenant_id, event.object_type, event.object_id)
    changes = [
        {
            "field": change.field,
            "old": seal.seal(*place, change.field, change.old),
            "new": seal.seal(*place, change.field, change.new),
        }
        for change in event.changes
    ]
    viewer = event.viewer
    return {
        "id": uuid7(),
        "at": datetime.now(UTC),
        "actor_id": viewer.person_id,
        "roles": [role.value for role in viewer.roles],
        "capacities": list(event.capacities),
        "session_id": viewer.session_id,
        "case_id": viewer.case_id,
        "request_id": event.request_id,
        "policy_version": event.policy_version,
        "mutation": event.mutation,
        "subject_id": event.subject_id,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "changes": orjson.dumps(changes).decode(),
    }


def _plain(value: object) -> object:
    """Return a value as JSON has it. Of what a column may hold, these kinds have one form there."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise TypeError(f"A {type(value).__name__} has no one form in JSON.")
