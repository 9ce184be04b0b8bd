"""Which rows exist for a viewer, which cells they read, and why not."""

from typing import NamedTuple

from tests.oracle.capacities import OracleViewer, capacities
from tests.oracle.contract import is_guarded, personal_fields
from tests.oracle.rules import PURPOSES, allows
from tests.oracle.world import Row, World

PRECEDENCE = ("RESTRICTED_BY_SUBJECT", "MINOR_PROTECTED", "PURPOSE_NOT_ALLOWED", "NO_RELATION", "NOT_IN_ROLE")
"""Which reason speaks for several."""

ANY_RULE = object()
"""The line of the policy that decided, which is the server's to know: any text or none."""


class Denied(NamedTuple):
    """Why a cell may not be read: the reason on record, and the one that the viewer may know."""

    real: str
    told: str


class Judge:
    """Decides for one viewer in one world."""

    def __init__(self, world: World, viewer: OracleViewer) -> None:
        self.world = world
        self.viewer = viewer
        self._held: dict[Row, tuple[str, ...]] = {}

    def held(self, row: Row) -> tuple[str, ...]:
        """Return the capacities in which the viewer meets the row."""
        if row not in self._held:
            self._held[row] = capacities(self.world, self.viewer, row)
        return self._held[row]

    def denied(self, row: Row, field: str) -> Denied | None:
        """Return why the viewer may not read the cell, None when they may."""
        if not is_guarded(row.kind, field) or self._allowed(row, row.kind, field):
            return None
        real = self._reason(row, field)
        return Denied(real, real if self._may_know(row, real) else "NOT_IN_ROLE")

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
        told = []
        for field in personal_fields(row.kind):
            denied = self.denied(row, field)
            reason = denied and denied.told
            told.append(
                {"field": f"{row.kind}.{field}", "readable": denied is None, "reason": reason, "rule": ANY_RULE}
            )
        return told

    def subject_class(self, row: Row) -> str:
        """Return what kind of person the row describes; what describes nobody counts as about an adult."""
        subject = self.world.subject(row)
        if subject is None:
            return "ADULT"
        person = self.world.people[subject]
        return "RESTRICTED" if person["restricted"] else "MINOR" if person["minor"] else "ADULT"

    def _allowed(self, row: Row, kind: str, field: str) -> bool:
        return self._some(self.held(row), kind, field, self.subject_class(row))

    def _some(self, roles: tuple[str, ...], kind: str, field: str, subject_class: str) -> bool:
        return any(allows(role, kind, field, subject_class, self.viewer.purpose_of(role)) for role in roles)

    def _reason(self, row: Row, field: str) -> str:
        held, about = self.held(row), self.subject_class(row)
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

    def _may_know(self, row: Row, reason: str) -> bool:
        if reason == "RESTRICTED_BY_SUBJECT":
            return "PRIVACY" in self.viewer.roles
        return reason != "MINOR_PROTECTED" or self._allowed(row, "Learner", "minor")
