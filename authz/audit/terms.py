"""What events are found by: a row per event and term, written by the sealer and never in a request.

Row-level security lets no index over arrays or JSON serve, so what an event holds many of is taken out of it. A term is
a UUID, whatever it stands for: the id of a person concerned or of a case as it is, everything else by its digest.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Column, SmallInteger, Uuid

from tenants.model import RETENTION_YEARS
from tenants.tables import Timestamp, one_of, tenant_table

access_term = tenant_table(
    "access_term",
    Column("term", Uuid, nullable=False, comment="a person concerned, a case, or the digest of a kind and its value"),
    Column("retention_years", SmallInteger, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("event_id", Uuid, nullable=False),
    one_of("retention_years", map(str, RETENTION_YEARS)),
    key=("term", "at", "event_id", "retention_years"),
    comment="What sealed events are found by. Made from them alone, so it can be made again.",
    partition_by="LIST (retention_years)",
    derived=True,
)


class TermKind(StrEnum):
    """What a digest stands for."""

    ACTOR = "actor"
    FIELD = "field"
    CATEGORY = "category"
    PURPOSE = "purpose"
    ROLE = "role"
    OUTCOME = "outcome"
    OPERATION = "operation"


@lru_cache(maxsize=10_000)
def term_of(kind: TermKind, value: str) -> UUID:
    """Return the term of a value: the first 16 bytes of SHA-256 over kind, a zero byte and the value (UTF-8)."""
    return UUID(bytes=sha256(f"{kind.value}\0{value}".encode()).digest()[:16])


def terms_in(event: Mapping[str, Any]) -> set[str]:
    """Return every term of an event, as text; `event` is its leaf (`authz.audit.seal.leaf`)."""
    found = {str(term) for term in _digests(event)}
    for part in (*event["disclosures"], *event["denials"]):
        found.update(part["subjects"])
    return found | ({event["case_id"]} if "case_id" in event else set())


def _digests(event: Mapping[str, Any]) -> Iterator[UUID]:
    yield term_of(TermKind.ACTOR, event["actor_id"])
    yield term_of(TermKind.PURPOSE, event["purpose"])
    yield term_of(TermKind.OUTCOME, event["outcome"])
    if "operation" in event:
        yield term_of(TermKind.OPERATION, event["operation"])
    for role in event["roles"]:
        yield term_of(TermKind.ROLE, role)
    denied = [(part["field"], part["category"]) for part in event["denials"]]
    released = [pair for part in event["disclosures"] for pair in zip(part["fields"], part["categories"], strict=True)]
    for field, category in {*denied, *released}:
        yield term_of(TermKind.FIELD, field)
        yield term_of(TermKind.CATEGORY, category)
