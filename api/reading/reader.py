"""The reader of one request: takes what a resolver promised (a `Read`) and answers it, subtree and all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from graphql.execution.collect_fields import FieldDetails

from api.reading.cursor import Cursors
from api.reading.fetch import Fetcher
from api.reading.ledger import Ledger, Place
from api.reading.met import Met
from api.reading.plans import Plans
from api.reading.reads import Read, ReadEach, ReadList
from api.reading.remembered import Selections
from api.reading.selection import Connection, Entities, View
from api.reading.shape import Shaper
from api.reading.standing import Standing
from api.reading.standings import Standings
from authz.mask import Mask
from authz.tenant_rules.masks import TenantMasks
from tenants.session import ReadSession


@dataclass(frozen=True, slots=True)
class Reading:
    """What all requests share: the types, the compiled statements, the seal of cursors."""

    entities: Entities
    masks: TenantMasks
    cursors: Cursors
    plans: Plans = field(default_factory=Plans)
    standings: Standings = field(default_factory=Standings)


class ReaderClosedError(Exception):
    """Something wanted to read after the answer was made."""


class Reader:
    """Reads for one viewer in one transaction, and keeps the ledger of it."""

    def __init__(
        self, reading: Reading, session: ReadSession, standing: Standing, relations: Mapping[str, Any]
    ) -> None:
        self.ledger = Ledger(standing, reading.entities)
        self.entities = reading.entities
        self.standing = standing
        self._closed = False
        self._fetcher = Fetcher(session, standing, reading.entities, reading.plans, reading.cursors, relations)

    @property
    def mask(self) -> Mask:
        """Return the policy that decides here, from the first field to the last."""
        return self.standing.mask

    def close(self) -> None:
        """Read nothing more: the answer is made, and its transaction about to end."""
        self._closed = True

    async def met(self, kind: str, key: UUID) -> Met | None:
        """Return how the viewer meets the object `key` of type `kind`; None where it does not exist for them."""
        self._ensure_open()
        fetched = await self._fetcher.by_key(View(self.entities[kind], ()), [key])
        records, root = fetched.groups[None].records, fetched.compiled.root
        if not records:
            return None
        subject = records[0][root.subject_at] if root.subject_at >= 0 else None
        return Met(kind, key, records[0][root.situation_at], subject)

    async def object(self, read: Read, fields: list[FieldDetails], selections: Selections, place: Place) -> Any:
        """Return the completed object, None where it does not exist for the viewer."""
        self._ensure_open()
        view = selections.view(read.kind, fields, pattern_of(place))
        self._fetcher.prepare([view])
        fetched = await self._fetcher.by_key(view, [read.key])
        shaper = self._shaper()
        records = fetched.groups[None].records
        value = shaper.object(view, records[0], place, fetched) if records else None
        shaper.close()
        return value

    async def each(self, read: ReadEach, fields: list[FieldDetails], selections: Selections, place: Place) -> list[Any]:
        """Return the completed objects in their order, with one statement for each type among them."""
        self._ensure_open()
        keys = {at: key for at, key in enumerate(read.keys) if isinstance(key, tuple)}
        kinds = dict.fromkeys(kind for kind, _ in keys.values())
        views = {kind: selections.view(kind, fields, (*pattern_of(place), "@")) for kind in kinds}
        self._fetcher.prepare(list(views.values()))
        shaper = self._shaper()
        values: list[Any] = [None] * len(read.keys)
        for kind, view in views.items():
            wanted = dict.fromkeys(key for found, key in keys.values() if found == kind)
            fetched = await self._fetcher.by_key(view, list(wanted))
            key_at = fetched.compiled.root.key_at
            records = {record[key_at]: record for record in fetched.groups[None].records}
            for at, (found, key) in keys.items():
                if found == kind and key in records:
                    values[at] = shaper.object(view, records[key], (place, at), fetched)
        shaper.close()
        return values

    async def connection(self, read: ReadList, fields: list[FieldDetails], selections: Selections, place: Place) -> Any:
        """Return the completed connection."""
        self._ensure_open()
        name = f"{read.kind}.{read.name}"
        connection = selections.connection(read.many, read.kind, read.name, fields, pattern_of(place))
        self._fetcher.open_cursors(connection, name)
        fetched = await self._fetcher.connection(connection, None, read.parent)
        shaper = self._shaper()
        value = shaper.connection(connection, fetched.groups[None], place, fetched, name)
        shaper.close()
        return value

    def _ensure_open(self) -> None:
        if self._closed:
            raise ReaderClosedError

    def _shaper(self) -> Shaper:
        return Shaper(self.standing, self.ledger, self._seal, self._fetcher.refusal)

    def _seal(self, connection: Connection, name: str, values: list[Any]) -> str:
        return self._fetcher.cursors.seal(values, self._fetcher.place(connection, name))


def pattern_of(place: Place) -> tuple[str, ...]:
    """Return the pattern of a place: its path with "@" for positions in lists."""
    found: list[str] = []
    here: Place | None = place
    while here is not None:
        here, step = here
        found.append("@" if isinstance(step, int) else step)
    return tuple(reversed(found))
