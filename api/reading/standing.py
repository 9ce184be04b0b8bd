"""How a viewer stands toward a row: one small integer per row, of the capacities held and the subject's flags.

Bit 0: the subject is a minor. Bit 1: the subject is restricted. Then a bit per granted role, in the order of `roles`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    true,
)

from api.reading.entity import Entity, Tables
from authz.mask import Decision, Mask
from authz.reasons import Denial, purpose_of, reason, subject_class
from authz.viewer import Purpose, Role
from domain.enrollments.model import enrollment
from domain.people.model import membership, person
from domain.seats.model import seat
from domain.seats.relations import is_live
from tenants.session import CURRENT_TENANT

MINOR, RESTRICTED = 1, 2
_FLAGS = 2

# Sets of situations, each once: those of a thousand tenants with rules of their own are mostly the same.
_SHARED: dict[frozenset[int], frozenset[int]] = {}

TENANT = CURRENT_TENANT
VIEWER = bindparam("viewer", type_=Uuid())


def _people(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Uuid()))


@dataclass(frozen=True)
class Standing:
    """Everybody with the same roles and purpose before the policy: what may be released in which situation."""

    roles: tuple[Role, ...]
    """The granted roles, whose bits a situation holds."""
    purpose: Purpose | None
    mask: Mask

    @cached_property
    def everything(self) -> int:
        """Return the situation toward a row without a subject: each granted role is held."""
        return ((1 << len(self.roles)) - 1) << _FLAGS

    @cached_property
    def purposes(self) -> dict[Role, Purpose]:
        """Return what each role reads for."""
        return {role: purpose_of(role, self.purpose) for role in self.roles}

    def held(self, situation: int) -> list[Role]:
        """Return the capacities in `situation`."""
        return [role for bit, role in enumerate(self.roles) if situation >> (bit + _FLAGS) & 1]

    def decide(self, field: str, situation: int) -> Decision:
        """Return whether `field` is released in `situation`: by some capacity held."""
        found = Decision(False, None)
        subject = subject_class(bool(situation & MINOR), bool(situation & RESTRICTED))
        for role in self.held(situation):
            decision = self.mask.decide(role, field, subject, self.purposes[role])
            if decision.allowed:
                return decision
            found = found if found.rule is not None else decision
        return found

    def reason(self, entity: Entity, name: str, situation: int) -> Denial:
        """Return why the field `name` of `entity` is not released in `situation`."""
        key = (entity.name, entity.variant, name, situation)
        found = self._reasons.get(key)
        if found is None:
            found = self._reasons[key] = self._reason(entity, name, situation)
        return found

    @cached_property
    def _reasons(self) -> dict[tuple[str, str, str, int], Denial]:
        return {}

    def _reason(self, entity: Entity, name: str, situation: int) -> Denial:
        held = self.held(self._narrowed(entity, name, situation))
        return reason(
            self.mask, self.roles, held, self.purposes, f"{entity.name}.{name}",
            minor=bool(situation & MINOR), restricted=bool(situation & RESTRICTED),
        )  # fmt: skip

    def situations(self, entity: Entity) -> Iterator[int]:
        """Yield every situation that can be met toward a row of `entity`."""
        if entity.subject is None:
            yield self.everything
            return
        flags = range(1 << _FLAGS)
        if entity.published:
            yield from (self.everything | flag for flag in flags)
            return
        yield from (held << _FLAGS | flag for held in range(1 << len(self.roles)) for flag in flags)

    @staticmethod
    def is_decided(entity: Entity, name: str) -> bool:
        """Tell whether the policy decides about the field `name` of `entity`."""
        return entity.category(name) is not None or name in entity.decided

    def allowed(self, entity: Entity, name: str) -> frozenset[int]:
        """Return the situations in which the field `name` of `entity` is released."""
        key = (entity.name, entity.variant, name)
        found = self._allowed.get(key)
        if found is None:
            decided = self.is_decided(entity, name)
            field = f"{entity.name}.{name}"
            released = frozenset(
                situation
                for situation in self.situations(entity)
                if not decided or self.decide(field, self._narrowed(entity, name, situation)).allowed
            ) & (self.visible(entity) if name != "id" else self._reached(entity))
            found = self._allowed[key] = _SHARED.setdefault(released, released)
        return found

    def _reached(self, entity: Entity) -> frozenset[int]:
        """Return the situations in which a row of `entity` can be come by at all."""
        every = frozenset(self.situations(entity))
        through = entity.through
        return every if through is None else frozenset(held for held in every if self.decide(through, held).allowed)

    def _narrowed(self, entity: Entity, name: str, situation: int) -> int:
        """Return what of `situation` counts for the field `name`."""
        counting = entity.narrowed.get(name)
        if counting is None:
            return situation
        bits = sum(1 << (bit + _FLAGS) for bit, role in enumerate(self.roles) if role.value in counting)
        return situation & (bits | MINOR | RESTRICTED)

    def visible(self, entity: Entity) -> frozenset[int]:
        """Return the situations in which a row of `entity` exists for the viewer."""
        return self.allowed(entity, "id")

    @cached_property
    def signature(self) -> str:
        """Return what the text of a statement depends on, of all that is known of the viewer."""
        return f"{self.mask.signature(self.roles)} {' '.join(self.roles)} {self.purpose or ''}"

    @cached_property
    def _allowed(self) -> dict[tuple[str, str, str], frozenset[int]]:
        return {}

    def expression(self, entity: Entity, tables: Tables, subject: Tables) -> ColumnElement[int]:
        """Return the situation of a row of `entity`; `subject` holds the person it describes."""
        assert entity.subject is not None
        someone = subject[person]
        bits: list[ColumnElement[Any]] = [
            _bit(someone.c.minor, MINOR),
            _bit(someone.c.restricted, RESTRICTED),
        ]
        if entity.published:
            return _sum([literal_column(str(self.everything), Integer), *bits])
        identity = tables[entity.subject.table].c[entity.subject.name]
        course = tables[entity.course.table].c[entity.course.name] if entity.course is not None else None
        bits += [_bit(_held(role, identity, course), 1 << (bit + _FLAGS)) for bit, role in enumerate(self.roles)]
        return _sum(bits)


def _bit(holds: ColumnElement[bool], value: int) -> ColumnElement[int]:
    return case((holds, literal_column(str(value), Integer)), else_=literal_column("0", Integer))


def _sum(parts: Sequence[ColumnElement[Any]]) -> ColumnElement[int]:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _held(role: Role, subject: ColumnElement[UUID], course: ColumnElement[UUID] | None) -> ColumnElement[bool]:
    """Return the predicate that the viewer meets the subject in `role` (design: capacities and their relations)."""
    relations: dict[Role, Callable[[], ColumnElement[bool]]] = {
        Role.LEARNER: lambda: subject == VIEWER,
        Role.MINOR: lambda: subject == VIEWER,
        Role.GUARDIAN: lambda: subject == func.any(_people("wards")),
        Role.WARD: lambda: subject == func.any(_people("guardians")),
        Role.INSTRUCTOR: lambda: _taught(subject) if course is None else course == func.any(_people("taught")),
        Role.ENTERPRISE_ADMIN: lambda: _is_member(subject),
        Role.SEAT_MANAGER: lambda: and_(_is_member(subject), _has_live_seat(subject)),
        Role.SUPPORT: lambda: subject == func.any(_people("case_people")),
        Role.SECURITY: true,
        Role.PRIVACY: true,
    }
    return relations[role]()


def _taught(subject: ColumnElement[UUID]) -> ColumnElement[bool]:
    taken = enrollment.alias("taken")
    theirs = [
        taken.c.tenant_id == TENANT,
        taken.c.learner_id == subject,
        taken.c.course_id == func.any(_people("taught")),
    ]
    return exists().where(*theirs).correlate_except(taken)


def _is_member(subject: ColumnElement[UUID]) -> ColumnElement[bool]:
    belonging = membership.alias("belonging")
    stays = or_(belonging.c.left_at.is_(None), belonging.c.left_at > func.now())
    theirs = [belonging.c.tenant_id == TENANT, belonging.c.person_id == subject, stays]
    return exists().where(*theirs).correlate_except(belonging)


def _has_live_seat(subject: ColumnElement[UUID]) -> ColumnElement[bool]:
    held = seat.alias("held")
    return exists().where(held.c.tenant_id == TENANT, held.c.person_id == subject, is_live(held)).correlate_except(held)
