"""Which rows exist for a viewer, which cells they read, and why not."""

from dataclasses import dataclass
from typing import NamedTuple

from tests.oracle.capacities import OracleViewer, capacities
from tests.oracle.contract import category_of, is_guarded, personal_fields
from tests.oracle.policy import Cell, Policy
from tests.oracle.row import Row
from tests.oracle.rules import PURPOSES, allows
from tests.oracle.world import World

PRECEDENCE = ("RESTRICTED_BY_SUBJECT", "MINOR_PROTECTED", "PURPOSE_NOT_ALLOWED", "NO_RELATION", "NOT_IN_ROLE")
"""Which reason speaks for several."""

SHIPPED = Policy()


@dataclass(frozen=True, slots=True)
class OneOf:
    """The lines that allow a cell, of which the server names one."""

    names: frozenset[str]


class Denied(NamedTuple):
    """Why a cell may not be read: the reason on record, the one that the viewer may know, and the line that denied."""

    real: str
    told: str
    rule: str | None


class Judge:
    """Decides for one viewer in one world. The policy's files name the lines; they decide nothing here."""

    def __init__(self, world: World, viewer: OracleViewer, policy: Policy = SHIPPED) -> None:
        self.world = world
        self.viewer = viewer
        self._policy = policy
        self._held: dict[Row, tuple[str, ...]] = {}

    def held(self, row: Row, field: str) -> tuple[str, ...]:
        """Return the capacities in which the viewer meets the row, to read this field.

        An event in somebody's access log is met as that person is, but for the address it came from, which is the
        actor's.
        """
        met = row
        if row.part_of is not None and category_of(row.kind, field) != "TECHNICAL":
            learner = self.world.learner(row.part_of)
            assert learner is not None
            met = learner
        if met not in self._held:
            self._held[met] = capacities(self.world, self.viewer, met)
        return self._held[met]

    def denied(self, row: Row, field: str) -> Denied | None:
        """Return why the viewer may not read the cell, None when they may."""
        if not is_guarded(row.kind, field) or self._allowed(row, row.kind, field):
            return None
        real = self._reason(row, field)
        told = real if self._may_know(row, field, real) else "NOT_IN_ROLE"
        return Denied(real, told, self._rule(row, field))

    def readable(self, row: Row, field: str) -> bool:
        """Return whether the viewer may read the cell."""
        return self.denied(row, field) is None

    def visible(self, row: Row) -> bool:
        """Return whether the row exists for the viewer, when it is looked for by itself."""
        if row.kind == "AssessmentResult":
            parent = self.world.enrollments[row.facts["enrollment_id"]]
            return self.visible(parent) and self.readable(parent, "results") and self.readable(row, "id")
        if row.kind == "SeatPool":
            return self._allowed(row, "SeatPool", "id")
        return self.readable(row, "id")

    def access(self, row: Row) -> list[dict[str, object]]:
        """Return what the viewer is told about each personal field of the row."""
        return [self._access(row, field, self.denied(row, field)) for field in personal_fields(row.kind)]

    def _access(self, row: Row, field: str, denied: Denied | None) -> dict[str, object]:
        found = {"field": f"{row.kind}.{field}", "readable": denied is None, "reason": denied and denied.told}
        return found | {"rule": self._allowing(row, field) if denied is None else denied.rule}

    def _allowing(self, row: Row, field: str) -> OneOf:
        """Return the lines that allow, of capacities that none denies."""
        cells = [cell for cell in self._cells(row, field) if not self._policy.lines("deny", cell)]
        return OneOf(frozenset(line.name for cell in cells for line in self._policy.lines("allow", cell)))

    def subject_class(self, row: Row) -> str:
        """Return what kind of person the row describes; what describes nobody counts as about an adult."""
        subject = self.world.subject(row)
        if subject is None:
            return "ADULT"
        person = self.world.people.get(subject)
        if person is None:
            # The platform's staff, or somebody who was erased.
            return "ADULT"
        return "RESTRICTED" if person["restricted"] else "MINOR" if person["minor"] else "ADULT"

    def _allowed(self, row: Row, kind: str, field: str) -> bool:
        return self._some(self.held(row, field), kind, field, self.subject_class(row))

    def _some(self, roles: tuple[str, ...], kind: str, field: str, subject_class: str) -> bool:
        return any(allows(role, kind, field, subject_class, self.viewer.purpose_of(role)) for role in roles)

    def _reason(self, row: Row, field: str) -> str:
        held, about = self.held(row, field), self.subject_class(row)
        others = tuple(role for role in self.viewer.roles if role not in held)
        if about == "RESTRICTED":
            subject = self.world.subject(row)
            assert subject is not None
            otherwise = "MINOR" if self.world.people[subject]["minor"] else "ADULT"
            if self._some(held, row.kind, field, otherwise):
                return "RESTRICTED_BY_SUBJECT"
        if about == "MINOR" and self._some(held, row.kind, field, "ADULT"):
            return "MINOR_PROTECTED"
        if any(allows(role, row.kind, field, about, why) for role in held for why in PURPOSES[role]):
            return "PURPOSE_NOT_ALLOWED"
        return "NO_RELATION" if self._some(others, row.kind, field, about) else "NOT_IN_ROLE"

    def _may_know(self, row: Row, field: str, reason: str) -> bool:
        if reason == "RESTRICTED_BY_SUBJECT":
            return "PRIVACY" in self.viewer.roles
        return reason != "MINOR_PROTECTED" or self._knows_who_is_a_minor(row, field)

    def _knows_who_is_a_minor(self, row: Row, field: str) -> bool:
        return self._some(self.held(row, field), "Learner", "minor", self.subject_class(row))

    def _rule(self, row: Row, field: str) -> str | None:
        """Return the line that denied, unless it tells whoever may not know what kind of person the row is about.

        The line that denies of adults and of minors alike tells nothing of the kind.
        """
        for cell in self._cells(row, field):
            found = self._denying(cell)
            if found is None:
                continue
            if cell.subject_class == "RESTRICTED":
                told = "PRIVACY" in self.viewer.roles
            else:
                alike = {self._denying(cell._replace(subject_class=each)) for each in ("ADULT", "MINOR")} == {found}
                told = alike or self._knows_who_is_a_minor(row, field)
            if told:
                return found
        return None

    def _denying(self, cell: Cell) -> str | None:
        return next((line.name for line in self._policy.lines("deny", cell)), None)

    def _cells(self, row: Row, field: str) -> list[Cell]:
        about, purpose_of = self.subject_class(row), self.viewer.purpose_of
        return [Cell(role, row.kind, field, about, purpose_of(role)) for role in self.held(row, field)]
