"""Reads of the trail from a command line: on record like any other, under the case of the one who reads."""

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from authz.audit.recorder import Event, record
from authz.audit.seal.leaf import Leaf
from authz.viewer import Viewer
from tenants.database import Database
from tenants.ids import uuid7
from tenants.session import SystemTask, Task

ACTOR, SUBJECTS = "AccessEvent.actor", "AccessEvent.subjects"
_CATEGORY = "ACCESS"
_POLICY = "console"
"""What stands for the policy's version: whoever has the database's address decided."""


@dataclass(frozen=True, slots=True)
class ConsoleRead:
    """One run of a command that shows what is on the trail."""

    database: Database
    viewer: Viewer
    command: str
    """As it could be typed again, without anybody's name."""
    request_id: str

    async def record(self, actors: AbstractSet[UUID], subjects: AbstractSet[UUID]) -> None:
        """Put on record, durably, that events by `actors` about `subjects` are shown now.

        Raises `TrailUnavailableError` and `DatabaseUnavailableError`; then nothing may be shown.
        """
        shown = {ACTOR: actors, SUBJECTS: subjects}
        event = Event(
            viewer=self.viewer,
            capacities=[role.value for role in self.viewer.roles],
            operation=" ".join(self.command.split()[:3]),
            document_hash=sha256(self.command.encode()).hexdigest(),
            request_id=self.request_id,
            policy_version=_POLICY,
            disclosures={field: people for field, people in shown.items() if people},
            denials={},
            category_of=lambda _field: _CATEGORY,
        )
        async with self.database.reading(SystemTask(Task.AUDIT, self.viewer.tenant_id)) as session:
            await record(session, event)


def console_read(database: Database, viewer: Viewer, command: str) -> ConsoleRead:
    """Return a run of `command` by `viewer`."""
    return ConsoleRead(database, viewer, command, str(uuid7()))


def people_in(events: Sequence[Leaf]) -> tuple[set[UUID], set[UUID]]:
    """Return who asked in `events`, and whom they are about."""
    return {UUID(event["actor_id"]) for event in events}, {UUID(each) for each in _subjects(events)}


def _subjects(events: Collection[Leaf]) -> Iterator[str]:
    for event in events:
        for part in (*event["disclosures"], *event["denials"]):
            yield from part["subjects"]
