"""The writer of one request: finds what a mutation is about, decides, and records what became of it.

What it finds, it finds through the reader, so whatever does not exist for the viewer is not there to be changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from api.ids import MalformedIdError, decode_id
from api.reading.entity import Cell
from api.reading.met import Met
from api.reading.reader import Reader
from api.writing.decision import refusal
from api.writing.refusal import CallCode, CallRefusedError, Problem, forbidden, not_found
from authz.audit.changes import ChangeEvent, ChangeSeal, FieldChange, record_change
from authz.rules import CALLED
from authz.viewer import Viewer
from domain.change import Change
from tenants.session import WriteSession


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes for one viewer in one transaction."""

    session: WriteSession
    viewer: Viewer
    reader: Reader
    seal: ChangeSeal
    request_id: str

    async def find(self, kind: str, text: str, field: str) -> Met:
        """Return the object of type `kind` whose id stands in the input's `field`. Raises `CallRefusedError`."""
        try:
            found, key = decode_id(text)
        except MalformedIdError as error:
            raise CallRefusedError(Problem(CallCode.INVALID, str(error), field)) from None
        met = await self.reader.met(kind, key) if found == kind else None
        if met is None:
            raise not_found(field)
        return met

    async def own(self) -> Met:
        """Return the viewer's own Learner; for the platform's staff, who have none here, a row met in no capacity."""
        person_id = self.viewer.person_id
        return await self.reader.met("Learner", person_id) or Met("Learner", person_id, 0, None)

    def check(self, name: str, met: Met, writes: Mapping[str, str | None]) -> None:
        """Go on where the viewer may call the mutation `name` on the row `met`.

        `writes`: the fields (`Type.field`) that the call writes, each with its name in the input if it is from there.
        Raises `CallRefusedError`, and notes the denial.
        """
        refused = refusal(self.reader.standing, name, met, writes)
        if refused is None:
            return
        ledger, denial = self.reader.ledger, refused.denial
        ledger.capacities.update(self.reader.standing.held(met.situation))
        subjects = set() if met.subject is None else {met.subject}
        ledger.denials[f"{CALLED}.{name}", denial.real, denial.told] |= subjects
        raise forbidden(None) if refused.whole else forbidden(*(writes[field] for field in refused.fields))

    def sees(self, met: Met, *names: str) -> bool:
        """Tell whether the viewer may read all these fields of the row `met`."""
        entity = self.reader.entities[met.kind]
        return all(met.situation in self.reader.standing.allowed(entity, name) for name in names)

    def conflict(self, met: Met, told_by: Iterable[str], message: str, field: str) -> CallRefusedError:
        """Return the refusal of what the row `met` stands against, and note that this tells its fields `told_by`."""
        if met.subject is not None:
            for name in told_by:
                self.reader.ledger.release(f"{met.kind}.{name}", {met.subject})
        self.reader.ledger.capacities.update(self.reader.standing.held(met.situation))
        return CallRefusedError(Problem(CallCode.CONFLICT, message, field))

    async def record(self, name: str, met: Met, kind: str, key: UUID, changes: Iterable[Change]) -> None:
        """Put on record that the mutation `name`, called on the row `met`, changed the object `key` of type `kind`.

        Raises `TrailUnavailableError` and `DatabaseUnavailableError`.
        """
        standing = self.reader.standing
        event = ChangeEvent(
            viewer=self.viewer,
            capacities=[role.value for role in standing.held(met.situation)],
            request_id=self.request_id,
            policy_version=standing.mask.version,
            mutation=name,
            object_type=kind,
            object_id=key,
            subject_id=met.subject,
            changes=[FieldChange(self._field(kind, change.column), change.old, change.new) for change in changes],
        )
        await record_change(self.session, event, self.seal)

    def _field(self, kind: str, column: str) -> str:
        """Return the field (`Type.field`) that shows a column. Raises `LookupError` for a column that none shows."""
        if kind not in self.reader.entities:
            # What the API never shows as an object has the names of its columns.
            return f"{kind}.{column}"
        for name, source in self.reader.entities[kind].sources.items():
            if isinstance(source, Cell) and getattr(source.source, "name", None) == column:
                return f"{kind}.{name}"
        raise LookupError(f"No field of {kind} shows {column}.")
