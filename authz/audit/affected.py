"""Whom somebody's reads concerned: the people, the fields, how often (docs/promises.md, P19)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Select, Text, Uuid, and_, bindparam, cast, literal_column, or_, select, union_all

from authz.audit.event import access_event
from authz.audit.seal.model import unsealed_event
from authz.audit.terms import TermKind, access_term, term_of
from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import CURRENT_TENANT, SystemTask, Task
from tenants.statements import compiled
from tenants.tables import Timestamp

_CHUNK = 1_000
_LAST_ID = bindparam("last_id", type_=Uuid())
_LAST_AT = bindparam("last_at", type_=Timestamp)


@dataclass(frozen=True, slots=True)
class AffectedField:
    """One field of one person, as somebody read it or was denied it."""

    person_id: UUID
    field: str
    category: str
    released: int
    """In how many requests."""
    denied: int
    first_at: datetime
    last_at: datetime
    """Of these requests, in UTC."""


@dataclass(slots=True)
class _Tally:
    """Counts by set of fields: a page of a hundred people is counted a hundred times and not once per field too."""

    released: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By a person, and the JSON of the fields that were released of them together."""
    denied: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)
    """First and last, by the same."""

    def add(self, row: Mapping[str, Any]) -> None:
        for part in orjson.loads(row["disclosures"]):
            pairs = list(zip(part["fields"], part["categories"], strict=True))
            self._count(self.released, part["subjects"], pairs, row["at"])
        # A field may be denied of somebody for several reasons: still in one request.
        denied: dict[tuple[str, str], set[str]] = defaultdict(set)
        for part in orjson.loads(row["denials"]):
            denied[part["field"], part["category"]].update(part["subjects"])
        for pair, people in denied.items():
            self._count(self.denied, people, [pair], row["at"])

    def _count(
        self, counter: Counter[tuple[str, str]], people: Iterable[str], pairs: list[tuple[str, str]], at: datetime
    ) -> None:
        fields = orjson.dumps(pairs).decode()
        for person in people:
            counter[person, fields] += 1
            self.times.setdefault((person, fields), [at, at])[1] = at

    def fields(self) -> Iterator[AffectedField]:
        """Yield what was counted, by person and field."""
        found: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        times: dict[tuple[str, str, str], list[datetime]] = {}
        for (person, fields), span in self.times.items():
            for name, category in orjson.loads(fields):
                key = (person, name, category)
                found[key][0] += self.released[person, fields]
                found[key][1] += self.denied[person, fields]
                known = times.setdefault(key, list(span))
                times[key] = [min(known[0], span[0]), max(known[1], span[1])]
        for (person, name, category), (released, denied) in sorted(found.items()):
            yield AffectedField(UUID(person), name, category, released, denied, *times[person, name, category])


@dataclass(frozen=True, slots=True)
class ReadsOf:
    """The reads of one person in a tenant from an instant on, before another (UTC)."""

    tenant_id: TenantId
    viewer_id: UUID
    since: datetime
    until: datetime


async def affected_by(database: Database, reads: ReadsOf, progress: Callable[[int], None]) -> list[AffectedField]:
    """Return whom `reads` concerned, by person and field; `progress` is told how many events were looked at.

    Raises `DatabaseUnavailableError`.
    """
    tally, seen = _Tally(), 0
    values = {"actor": reads.viewer_id, "term": term_of(TermKind.ACTOR, str(reads.viewer_id)), "until": reads.until}
    after = {"last_at": reads.since, "last_id": UUID(int=0)}
    while True:
        async with database.reading(SystemTask(Task.AUDIT, reads.tenant_id)) as session:
            rows = await session.run(_EVENTS, {**values, **after})
        for row in rows:
            tally.add(row)
        progress(seen := seen + len(rows))
        if len(rows) < _CHUNK:
            return list(tally.fields())
        after = {"last_at": rows[-1]["at"], "last_id": rows[-1]["id"]}


def _events() -> Select[*tuple[Any, ...]]:
    """Return the statement for the next events of an actor, the oldest first: sealed ones by their term."""
    until = bindparam("until", type_=Timestamp)
    sealed = select(access_term.c.retention_years, access_term.c.at, access_term.c.event_id.label("id")).where(
        access_term.c.tenant_id == CURRENT_TENANT,
        access_term.c.term == bindparam("term", type_=Uuid()),
        access_term.c.at >= _LAST_AT,
        access_term.c.at < until,
    )
    waiting = select(
        unsealed_event.c.retention_years, unsealed_event.c.at, unsealed_event.c.event_id.label("id")
    ).where(
        unsealed_event.c.tenant_id == CURRENT_TENANT,
        unsealed_event.c.at >= _LAST_AT,
        unsealed_event.c.at < until,
    )
    found, event = union_all(sealed, waiting).subquery("found"), access_event
    same = and_(
        event.c.tenant_id == CURRENT_TENANT,
        *(event.c[name] == found.c[name] for name in ("retention_years", "at", "id")),
    )
    columns = (event.c.at, event.c.id, *(cast(event.c[name], Text).label(name) for name in ("disclosures", "denials")))
    later = or_(found.c.at > _LAST_AT, and_(found.c.at == _LAST_AT, found.c.id > _LAST_ID))
    return (
        select(*columns)
        .select_from(found.join(event, same))
        .where(event.c.actor_id == bindparam("actor", type_=Uuid()), later)
        .order_by(found.c.at, found.c.id)
        .limit(literal_column(str(_CHUNK), Integer()))
    )


_EVENTS = compiled(_events())
