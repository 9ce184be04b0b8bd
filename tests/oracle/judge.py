"""Which rows exist for a viewer, which cells they read, and why not."""

from typing import Literal, NamedTuple

from tests.oracle.capacities import OracleViewer, capacities
from tests.oracle.contract import category_of, is_guarded, personal_fields
from tests.oracle.lines import NO_LINE, Lines, OneOf, common, one_of
from tests.oracle.policy import Cell, Policy
from tests.oracle.row import Row
from tests.oracle.rules import PURPOSES, allows
from tests.oracle.world import World

PRECEDENCE = (
    "TENANT_RULE",
    "RESTRICTED_BY_SUBJECT",
    "MINOR_PROTECTED",
    "PURPOSE_NOT_ALLOWED",
    "NO_RELATION",
    "NOT_IN_ROLE",
)
"""Which reason speaks for several."""

SHIPPED = Policy()

Class = Literal["ADULT", "MINOR", "RESTRICTED"]
AGES: tuple[Class, ...] = ("ADULT", "MINOR")


class Denied(NamedTuple):
    """Why a cell may not be read: the reason on record, the one that the viewer may know, and the line that denied."""

    real: str
    told: str
    lines: Lines


class Judge:
    """Decides for one viewer in one world. The policy's files name the lines; they decide nothing here."""

    def __init__(self, world: World, viewer: OracleViewer, policy: Policy = SHIPPED) -> None:
        self.world = world
        self.viewer = viewer
        self._policy = policy
        self._rules = world.rules
        self._held: dict[Row, tuple[str, ...]] = {}

    def held(self, row: Row, field: str) -> tuple[str, ...]:
        """Return the capacities in which the viewer meets the row, to read this field."""
        met = self._met(row, field)
        if met not in self._held:
            self._held[met] = capacities(self.world, self.viewer, met)
        return self._held[met]

    def _met(self, row: Row, field: str) -> Row:
        """Return as which row this one is met.

        An event in somebody's access log is met as that person is, but for the address it came from, which is the
        actor's.
        """
        if row.part_of is None or category_of(row.kind, field) == "TECHNICAL":
            return row
        learner = self.world.learner(row.part_of)
        assert learner is not None
        return learner

    def class_of(self, row: Row, field: str) -> Class:
        """Return what kind of person the cell describes: in an access log too, an event describes its actor."""
        return self.subject_class(row)

    def denied(self, row: Row, field: str) -> Denied | None:
        """Return why the viewer may not read the cell, None when they may."""
        if not is_guarded(row.kind, field) or self._allowed(row, field):
            return None
        about = self.class_of(row, field)
        return Denied(self._reason(row, field, about), self._told(row, field, about), self._rule(row, field))

    def readable(self, row: Row, field: str) -> bool:
        """Return whether the viewer may read the cell."""
        return not is_guarded(row.kind, field) or self._allowed(row, field)

    def visible(self, row: Row) -> bool:
        """Return whether the row exists for the viewer, when it is looked for by itself."""
        if row.kind == "AssessmentResult":
            parent = self.world.enrollments[row.facts["enrollment_id"]]
            return self.visible(parent) and self.readable(parent, "results") and self.readable(row, "id")
        if row.kind == "SeatPool":
            return self._allowed(row, "id")
        return self.readable(row, "id")

    def access(self, row: Row) -> list[dict[str, object]]:
        """Return what the viewer is told about each personal field of the row."""
        return [self._access(row, field, self.denied(row, field)) for field in personal_fields(row.kind)]

    def _access(self, row: Row, field: str, denied: Denied | None) -> dict[str, object]:
        found = {"field": f"{row.kind}.{field}", "readable": denied is None, "reason": denied and denied.told}
        return found | {"rule": self._allowing(row, field) if denied is None else one_of(denied.lines)}

    def _allowing(self, row: Row, field: str) -> OneOf:
        """Return the lines that allow, of capacities that none denies."""
        about = self.class_of(row, field)
        if about == "RESTRICTED" and not self._knows_who_is_restricted():
            # To whoever reads of the restricted as before the line says nothing of it.
            before = self.age(row)
            about = before if any(map(self._reads, self._cells(row, field, before))) else about
        cells = [cell for cell in self._cells(row, field, about) if not self._denying(cell)]
        lines = (line.name for cell in cells for line in self._policy.lines("allow", cell))
        return OneOf(frozenset(lines).union(*(self._lifting(cell) for cell in cells)))

    def subject_class(self, row: Row) -> Class:
        """Return what kind of person the row describes; what describes nobody counts as about an adult."""
        subject = self.world.subject(row)
        if subject is None:
            return "ADULT"
        person = self.world.people.get(subject)
        if person is None:
            # The platform's staff, or somebody who was erased.
            return "ADULT"
        return "RESTRICTED" if person["restricted"] else self.age(row)

    def age(self, row: Row) -> Class:
        """Return what kind of person the row describes but for a restriction."""
        subject = self.world.subject(row)
        assert subject is not None
        return "MINOR" if self.world.people[subject]["minor"] else "ADULT"

    def _allowed(self, row: Row, field: str) -> bool:
        return any(self._reads(cell) for cell in self._cells(row, field))

    def _reads(self, cell: Cell) -> bool:
        return (allows(*cell) or bool(self._lifting(cell))) and not self._rules.denying(cell)

    def _lifting(self, cell: Cell) -> tuple[str, ...]:
        """Return the tenant's rules that lift the cell. None of them goes beyond what the platform denies."""
        return () if self._policy.lines("deny", cell) else self._rules.lifting(cell)

    def _told(self, row: Row, field: str, about: Class) -> str:
        """Return the reason that the viewer may know."""
        if about == "RESTRICTED" and not self._knows_who_is_restricted():
            # What any other reason depends on is nobody's business any more, but theirs who read as before.
            if not {"LEARNER", "MINOR", "GUARDIAN"} & set(self.held(row, field)):
                return "NOT_IN_ROLE"
            about = self.age(row)
            if any(map(self._reads, self._cells(row, field, about))):
                return "NOT_IN_ROLE"
        reason = self._reason(row, field, about)
        return reason if self._may_know(row, field, reason, about) else "NOT_IN_ROLE"

    def _reason(self, row: Row, field: str, about: Class) -> str:
        held = self.held(row, field)
        others = [role for role in self.viewer.roles if role not in held]
        if self._is_taken(row, field, about):
            return "TENANT_RULE"
        if about == "RESTRICTED" and any(self._reads(cell) for cell in self._cells(row, field, self.age(row))):
            return "RESTRICTED_BY_SUBJECT"
        if about == "MINOR" and any(self._reads(cell) for cell in self._cells(row, field, "ADULT")):
            return "MINOR_PROTECTED"
        cells = self._cells(row, field, about)
        if any(self._reads(cell._replace(purpose=why)) for cell in cells for why in PURPOSES[cell.role]):
            return "PURPOSE_NOT_ALLOWED"
        elsewhere = (Cell(role, row.kind, field, about, self.viewer.purpose_of(role)) for role in others)
        return "NO_RELATION" if any(map(self._reads, elsewhere)) else "NOT_IN_ROLE"

    def _is_taken(self, row: Row, field: str, about: Class) -> bool:
        """Return whether the cell would be read of somebody of that class but for the tenant's rules."""
        cells = self._cells(row, field, about)
        is_promised = any(allows(*cell) and self._rules.denying(cell) for cell in cells)
        return is_promised and not any(map(self._reads, cells))

    def _knows_who_is_restricted(self) -> bool:
        return "PRIVACY" in self.viewer.roles

    def _may_know(self, row: Row, field: str, reason: str, about: Class) -> bool:
        if reason == "TENANT_RULE" and all(self._is_taken(row, field, each) for each in AGES):
            # The same of an adult and of a minor: nobody learns from it who is what.
            return True
        return reason not in ("MINOR_PROTECTED", "TENANT_RULE") or self.knows_who_is_a_minor(row, field, about)

    def knows_who_is_a_minor(self, row: Row, field: str, about: Class) -> bool:
        """Return whether the viewer reads of a person of that class, as the row is met there, if they are a minor."""
        purpose_of = self.viewer.purpose_of
        cells = (Cell(role, "Learner", "minor", about, purpose_of(role)) for role in self.held(row, field))
        return any(map(self._reads, cells))

    def _rule(self, row: Row, field: str) -> Lines:
        """Return the line that denied, unless it tells whoever may not know what kind of person the row is about.

        The line that denies of adults and of minors alike tells nothing of the kind.
        """
        found: Lines = NO_LINE
        for cell in self._cells(row, field):
            denying = self._denying(cell)
            if not denying:
                continue
            if cell.subject_class == "RESTRICTED":
                lines = denying if "PRIVACY" in self.viewer.roles else NO_LINE
            elif self.knows_who_is_a_minor(row, field, self.class_of(row, field)):
                lines = denying
            else:
                lines = common(self._denying(cell._replace(subject_class=each)) or NO_LINE for each in AGES)
            found = (found - NO_LINE) | lines
            if None not in found:
                break
        return found

    def _denying(self, cell: Cell) -> Lines:
        """Return the lines that deny the cell, one of which is named: of the platform's the first."""
        platform = [line.name for line in self._policy.lines("deny", cell)[:1]]
        return frozenset([*platform, *self._rules.denying(cell)])

    def _cells(self, row: Row, field: str, about: Class | None = None) -> list[Cell]:
        """Return the cell in each capacity held, as if the person were of the class `about`."""
        kind, class_, purpose_of = row.kind, about or self.class_of(row, field), self.viewer.purpose_of
        return [Cell(role, kind, field, class_, purpose_of(role)) for role in self.held(row, field)]
