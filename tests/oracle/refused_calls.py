"""Who may call what toward whom; and why not: the reason on record, and the one that whoever called may know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.oracle.judge import AGES, Class, Judge
from tests.oracle.policy import Cell
from tests.oracle.row import Row
from tests.oracle.rules import ADULT, ALL, BOTH, MINOR, RESTRICTED

Promised = dict[str, tuple[str, ...]]
Field = tuple[str, str]
"""A type and its field; a mutation is one of `Mutation`."""

_COURSES: Promised = {"LEARNER": ADULT + RESTRICTED, "GUARDIAN": MINOR + RESTRICTED, "ENTERPRISE_ADMIN": BOTH}
PROMISES: dict[str, Promised] = {
    "updateProfile": {"LEARNER": ALL, "MINOR": ALL},
    "enroll": _COURSES,
    "withdraw": _COURSES,
}
"""Who may call what, and write what it writes, by the role in which they meet the person, of people of which classes.

No purpose of the platform's staff makes a difference: they may call nothing."""

_AS_BEFORE = {"LEARNER", "MINOR", "GUARDIAN"}
"""Who reads of somebody restricted what they read before."""


class Why(NamedTuple):
    """The reason on record, and the one told."""

    real: str
    told: str


def refusal(judge: Judge, name: str, row: Row | None, writes: Iterable[Field]) -> Why | None:
    """Return why the viewer may not call the mutation `name` on the row, None when they may; no row: on nobody.

    A field may be written in a role in which the mutation may be called too.
    """
    held = () if row is None else judge.held(row, "id")
    call = _Asked(judge, name, ("Mutation", name), row, held)
    callers = [role for role in held if call.may(role, call.about)]
    if not callers:
        return call.why()
    tried = (_Asked(judge, name, field, row, callers) for field in writes)
    return next((write.why() for write in tried if not write.may_any(write.about)), None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whether something may be done: in a role, to a person of a class."""

    judge: Judge
    name: str
    field: Field
    row: Row | None
    held: Sequence[str]

    @property
    def about(self) -> Class:
        """Return what kind of person the row describes."""
        return "ADULT" if self.row is None else self.judge.subject_class(self.row)

    def may(self, role: str, about: Class) -> bool:
        """Return whether it may be done in that role."""
        return self._is_promised(role, about) and not self._is_ruled_out(role, about)

    def may_any(self, about: Class) -> bool:
        """Return whether it may be done in a role held."""
        return any(self.may(role, about) for role in self.held)

    def why(self) -> Why:
        """Return why it may not be done."""
        return Why(self._real(self.about), self._told())

    def _real(self, about: Class) -> str:
        if self._is_taken(about):
            return "TENANT_RULE"
        if about == "RESTRICTED" and self.may_any(self._age()):
            return "RESTRICTED_BY_SUBJECT"
        if about == "MINOR" and self.may_any("ADULT"):
            return "MINOR_PROTECTED"
        others = (role for role in self.judge.viewer.roles if role not in self.held)
        return "NO_RELATION" if any(self.may(role, about) for role in others) else "NOT_IN_ROLE"

    def _told(self) -> str:
        about = self.about
        if about == "RESTRICTED" and "PRIVACY" not in self.held:
            if _AS_BEFORE.isdisjoint(self.held) or self.may_any(self._age()):
                return "NOT_IN_ROLE"
            about = self._age()
        reason = self._real(about)
        if reason == "TENANT_RULE" and all(map(self._is_taken, AGES)):
            return reason
        tells_of_minors = reason in ("TENANT_RULE", "MINOR_PROTECTED")
        return "NOT_IN_ROLE" if tells_of_minors and not self._knows_who_is_a_minor(about) else reason

    def _knows_who_is_a_minor(self, about: Class) -> bool:
        assert self.row is not None
        return self.judge.knows_who_is_a_minor(self.row, "id", about)

    def _age(self) -> Class:
        assert self.row is not None
        return self.judge.age(self.row)

    def _is_promised(self, role: str, about: Class) -> bool:
        return about in PROMISES[self.name].get(role, ())

    def _is_ruled_out(self, role: str, about: Class) -> bool:
        cell = Cell(role, *self.field, about, self.judge.viewer.purpose_of(role))
        return bool(self.judge.world.rules.denying(cell))

    def _is_taken(self, about: Class) -> bool:
        """Return whether the tenant's rules alone keep it from being done to somebody of that class."""
        return not self.may_any(about) and any(self._is_promised(role, about) for role in self.held)
