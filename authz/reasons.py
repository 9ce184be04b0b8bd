"""Why a cell is denied: the real reason, for the record, and the one that may be told."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from authz.mask import Decision, Mask
from authz.viewer import Purpose, Role, SubjectClass


class DenialReason(StrEnum):
    """Why a cell is denied, in the order in which a reason goes before another."""

    TENANT_RULE = "TENANT_RULE"
    RESTRICTED_BY_SUBJECT = "RESTRICTED_BY_SUBJECT"
    MINOR_PROTECTED = "MINOR_PROTECTED"
    PURPOSE_NOT_ALLOWED = "PURPOSE_NOT_ALLOWED"
    CASE_REQUIRED = "CASE_REQUIRED"
    NO_RELATION = "NO_RELATION"
    NOT_IN_ROLE = "NOT_IN_ROLE"


class Denial(NamedTuple):
    """The real reason, the reason that may be told, and the line that denied, where there is one and it may be told."""

    real: DenialReason
    told: DenialReason
    rule: str | None


_WITHOUT_CASE = {
    Role.LEARNER: Purpose.SELF_SERVICE,
    Role.MINOR: Purpose.SELF_SERVICE,
    Role.WARD: Purpose.SELF_SERVICE,
    Role.GUARDIAN: Purpose.GUARDIANSHIP,
    Role.INSTRUCTOR: Purpose.TEACHING,
    Role.ENTERPRISE_ADMIN: Purpose.SEAT_MANAGEMENT,
    Role.SEAT_MANAGER: Purpose.SEAT_MANAGEMENT,
}


def is_of_staff(role: Role) -> bool:
    """Tell whether a role is the platform's staff's, who read for the purpose of a case."""
    return role not in _WITHOUT_CASE


def purpose_of(role: Role, case_purpose: Purpose | None) -> Purpose:
    """Return why a role reads: its own purpose, for platform staff their case's. Raise ValueError without a case."""
    if (own := _WITHOUT_CASE.get(role)) is not None:
        return own
    if case_purpose is None:
        raise ValueError(f"{role} reads for the purpose of a case, and there is none")
    return case_purpose


def subject_class(minor: bool, restricted: bool) -> SubjectClass:
    """Return how the policy speaks of a subject: a restriction goes before being a minor."""
    if restricted:
        return SubjectClass.RESTRICTED
    return SubjectClass.MINOR if minor else SubjectClass.ADULT


def foremost(reasons: Iterable[DenialReason]) -> DenialReason:
    """Return the reason that goes before the others; raise ValueError when there is none."""
    present = set(reasons)
    for reason_ in DenialReason:
        if reason_ in present:
            return reason_
    raise ValueError("no reason")


def reason(
    mask: Mask,
    granted: Iterable[Role],
    held: Iterable[Role],
    purposes: Mapping[Role, Purpose],
    field: str,
    *,
    minor: bool,
    restricted: bool,
    action: str = "read",
) -> Denial:
    """Return why `field` (`Type.field`) of a row is denied to somebody.

    `granted`: the viewer's roles; `held`: those in which they meet the row; `purposes`: for each role granted.
    Raise ValueError when the cell is readable, or whatever else `action` is.
    """
    case = _Case(mask, tuple(granted), tuple(held), purposes, minor, restricted, action)
    if any(case.decide(role, field).allowed for role in case.held):
        raise ValueError(f"{field} is readable")
    real = case.real(field)
    rules = (case.rule_told(role, field) for role in case.held)
    return Denial(real, case.told(field, real), next((rule for rule in rules if rule is not None), None))


_READ_BY_ALL_WHO_READ = "Learner.name"
"""Who may read it of somebody restricted reads of them as before."""


class _Case(NamedTuple):
    """One viewer toward one row."""

    mask: Mask
    granted: tuple[Role, ...]
    held: tuple[Role, ...]
    purposes: Mapping[Role, Purpose]
    minor: bool
    restricted: bool
    action: str

    def decide(self, role: Role, field: str, subject: SubjectClass | None = None) -> Decision:
        subject = subject or subject_class(self.minor, self.restricted)
        return self.mask.decide(role, field, subject, self.purposes[role], action=self.action)

    def real(self, field: str) -> DenialReason:
        unrestricted = subject_class(self.minor, restricted=False)
        if any(self._denied_by_tenant(role, field) for role in self.held):
            return DenialReason.TENANT_RULE
        if self.restricted and self._would_hold(field, unrestricted):
            return DenialReason.RESTRICTED_BY_SUBJECT
        if not self.restricted and self.minor and self._would_hold(field, SubjectClass.ADULT):
            return DenialReason.MINOR_PROTECTED
        if any(self._under_another_purpose(role, field) for role in self.held):
            return DenialReason.PURPOSE_NOT_ALLOWED
        if any(self.decide(role, field).allowed for role in self.granted if role not in self.held):
            return DenialReason.NO_RELATION
        return DenialReason.NOT_IN_ROLE

    def told(self, field: str, real: DenialReason) -> DenialReason:
        """A reason may say what somebody is only to whoever may read that anyway."""
        if self.restricted and Role.PRIVACY not in self.held:
            return self._told_of_the_restricted(field)
        if real is DenialReason.RESTRICTED_BY_SUBJECT and Role.PRIVACY not in self.held:
            return DenialReason.NOT_IN_ROLE
        if real is DenialReason.MINOR_PROTECTED and not self._knows_who_is_a_minor():
            return DenialReason.NOT_IN_ROLE
        if real is DenialReason.TENANT_RULE and not (self._knows_who_is_a_minor() or self._same_of_all(field)):
            return DenialReason.NOT_IN_ROLE
        return real

    def _told_of_the_restricted(self, field: str) -> DenialReason:
        """Whoever reads of somebody restricted as before is told as before; others are told the same of everything.

        What the real reason depends on, they may not know: whether it is a minor, whether a seat is held.
        """
        before = self._replace(restricted=False)
        if not self._reads(_READ_BY_ALL_WHO_READ):
            return DenialReason.NOT_IN_ROLE
        if any(before.decide(role, field).allowed for role in self.held):
            return DenialReason.NOT_IN_ROLE
        return before.told(field, before.real(field))

    def _same_of_all(self, field: str) -> bool:
        """Tell whether the tenant's rules deny it of adults and of minors alike."""
        return all(
            any(self._denied_by_tenant(role, field, subject) for role in self.held)
            and not any(self.decide(role, field, subject).allowed for role in self.held)
            for subject in (SubjectClass.ADULT, SubjectClass.MINOR)
        )

    def rule_told(self, role: Role, field: str) -> str | None:
        """Whoever reads the policy learns from a line's subject what the subject is, so a line tells like a reason."""
        rule = self.decide(role, field).rule
        if self.restricted:
            return rule if Role.PRIVACY in self.held else None
        same = all(self.decide(role, field, it).rule == rule for it in (SubjectClass.ADULT, SubjectClass.MINOR))
        return rule if same or self._knows_who_is_a_minor() else None

    def _knows_who_is_a_minor(self) -> bool:
        return self._reads("Learner.minor")

    def _reads(self, field: str) -> bool:
        """Tell whether `field` is readable, whatever the action is that is denied."""
        subject = subject_class(self.minor, self.restricted)
        return any(self.mask.decide(role, field, subject, self.purposes[role]).allowed for role in self.held)

    def _would_hold(self, field: str, subject: SubjectClass) -> bool:
        return any(self.decide(role, field, subject).allowed for role in self.held)

    def _denied_by_tenant(self, role: Role, field: str, subject: SubjectClass | None = None) -> bool:
        """Tell whether the tenant's rules alone deny it to a role; the cell is not readable in that role."""
        platform = self.mask.platform
        subject = subject or subject_class(self.minor, self.restricted)
        return (
            platform is not self.mask
            and platform.decide(role, field, subject, self.purposes[role], action=self.action).allowed
            and not self.decide(role, field, subject).allowed
        )

    def _under_another_purpose(self, role: Role, field: str) -> bool:
        subject = subject_class(self.minor, self.restricted)
        return any(
            self.mask.decide(role, field, subject, purpose, action=self.action).allowed
            for purpose in self.mask.purposes(role)
        )
