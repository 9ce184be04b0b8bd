"""How a viewer stands toward a row: one small integer per row, of the capacities held and the subject's flags.

Bit 0: the subject is a minor. Bit 1: the subject is restricted. Then a bit per granted role, in the order of `roles`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Integer, literal_column

from api.reading.capacities import bit, held_bits
from api.reading.entity import Entity, Tables
from authz.mask import Decision, Mask
from authz.reasons import Denial, purpose_of, reason, subject_class
from authz.viewer import Purpose, Role
from domain.people.model import person
from tenants.session import CURRENT_TENANT

MINOR, RESTRICTED = 1, 2
FLAGS = MINOR | RESTRICTED
_FLAGS = FLAGS.bit_length()

# Sets of situations, each once: those of a thousand tenants with rules of their own are mostly the same.
_SHARED: dict[frozenset[int], frozenset[int]] = {}

TENANT = CURRENT_TENANT


@dataclass(frozen=True)
class Standing:
    """Everybody with the same roles and purpose before the policy: what may be released in which situation."""

    roles: tuple[Role, ...]
    """The granted roles, whose bits a situation holds."""
    purpose: Purpose | None
    mask: Mask

    @cached_property
    def values(self) -> dict[Role, int]:
        """Return the bit of each granted role in a situation."""
        return {role: 1 << (place + _FLAGS) for place, role in enumerate(self.roles)}

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
        return [role for role, value in self.values.items() if situation & value]

    def decide(self, field: str, situation: int) -> Decision:
        """Return whether `field` is released in `situation`, by some capacity held, and the line that releases it."""
        subject = subject_class(bool(situation & MINOR), bool(situation & RESTRICTED))
        for role in self.held(situation):
            decision = self.mask.decide(role, field, subject, self.purposes[role])
            if decision.allowed:
                return decision
        return Decision(False, None)

    def allowing(self, field: str, situation: int) -> str | None:
        """Return the line that releases `field` in `situation`, as far as it may be told.

        The line that speaks of somebody restricted is told to privacy staff; to others that by which they read before.
        """
        found = self.decide(field, situation)
        if situation & RESTRICTED and Role.PRIVACY not in self.held(situation):
            before = self.decide(field, situation & ~RESTRICTED)
            found = before if before.allowed else found
        return found.rule

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
        return reason(
            self.mask, self.roles, self.held(situation), self.purposes, f"{entity.name}.{name}",
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
                if not decided or self.decide(field, situation).allowed
            ) & (self.visible(entity) if name != "id" else self._reached(entity))
            found = self._allowed[key] = _SHARED.setdefault(released, released)
        return found

    def _reached(self, entity: Entity) -> frozenset[int]:
        """Return the situations in which a row of `entity` can be come by at all."""
        every = frozenset(self.situations(entity))
        through = entity.through
        return every if through is None else frozenset(held for held in every if self.decide(through, held).allowed)

    def visible(self, entity: Entity) -> frozenset[int]:
        """Return the situations in which a row of `entity` exists for the viewer."""
        return frozenset(self.situations(entity)) if entity.is_part else self.allowed(entity, "id")

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
        identity = tables[entity.subject.table].c[entity.subject.name]
        return self.expression_with(flags_of(subject), entity, tables, identity)

    def expression_with(
        self, flags: ColumnElement[int], entity: Entity, tables: Tables, identity: ColumnElement[Any]
    ) -> ColumnElement[int]:
        """Return the situation of a row of `entity`, made of the `flags` and the key of the person it describes."""
        if entity.published:
            return literal_column(str(self.everything), Integer) + flags
        course = tables[entity.course.table].c[entity.course.name] if entity.course is not None else None
        return reduce(add, held_bits(self.values, identity, course), flags)


def flags_of(subject: Tables) -> ColumnElement[int]:
    """Return the flags of the person in `subject`, as a situation has them."""
    someone = subject[person]
    return bit(someone.c.minor, MINOR) + bit(someone.c.restricted, RESTRICTED)
