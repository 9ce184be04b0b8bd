"""What a change of a tenant's rules changes: each cell that one mask releases and another does not."""

from collections.abc import Iterator
from typing import NamedTuple

from authz.mask import Mask
from authz.tenant_rules.binding import NARROWED
from authz.viewer import Role, SubjectClass

_WITHOUT_SUBJECT = ("SeatPool", "Tenant")
"""Types whose rows describe nobody: they are decided as if about an adult."""


class Change(NamedTuple):
    """One cell, for all purposes of the role: whether some of them could read it before, and can after."""

    role: Role
    field: str
    subject: SubjectClass
    before: bool
    after: bool

    @property
    def about_people(self) -> bool:
        """Tell whether the field's rows describe people."""
        return self.field.partition(".")[0] not in _WITHOUT_SUBJECT


def changes(before: Mask, after: Mask) -> Iterator[Change]:
    """Yield the cells that `before` and `after` decide differently, in the order of the roles and of the schema."""
    for role in NARROWED:
        for field in after.fields:
            classes = (SubjectClass.ADULT,) if field.partition(".")[0] in _WITHOUT_SUBJECT else SubjectClass
            for subject in classes:
                was, is_ = (_decisions(mask, role, field, subject) for mask in (before, after))
                if was != is_:
                    yield Change(role, field, subject, any(was), any(is_))


def _decisions(mask: Mask, role: Role, field: str, subject: SubjectClass) -> list[bool]:
    action = "call" if field.startswith("Mutation.") else "read"
    return [mask.decide(role, field, subject, purpose, action=action).allowed for purpose in mask.purposes(role)]
