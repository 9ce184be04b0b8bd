"""What the policy says of a field before any row is read: a decision per role, kind of person and purpose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from authz.mask import Mask
from authz.reasons import DenialReason, reason
from authz.viewer import Purpose, Role, SubjectClass


class Foreseen(NamedTuple):
    """One cell. `reason`: why it is not readable; `rule`: the line that decided, None where nothing was said."""

    field: str
    role: Role
    subject: SubjectClass
    purpose: Purpose
    readable: bool
    reason: DenialReason | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A field, `Type.field`, and whom its rows describe."""

    field: str
    classes: Sequence[SubjectClass] = tuple(SubjectClass)
    """The kinds of people its rows describe; those that describe nobody are met like an adult's."""
    related: bool = True
    """The rows are met in a role by what the viewer is to somebody; else in every role that the viewer has."""


def foreseen(mask: Mask, capacities: Mapping[Role, Sequence[Purpose]], question: Question) -> Iterator[Foreseen]:
    """Yield the cells of a field for somebody with the roles in `capacities`, each under the purposes given there.

    Each is that of a row met in this one role. The reason is the real one: of nobody in particular it tells nothing.
    Raise KeyError for a field that is not decided.
    """
    for role, purposes in capacities.items():
        for subject in question.classes:
            for purpose in purposes:
                named = {other: own[0] for other, own in capacities.items()} | {role: purpose}
                yield _cell(mask, named, question, role, subject)


def _cell(
    mask: Mask, purposes: Mapping[Role, Purpose], question: Question, role: Role, subject: SubjectClass
) -> Foreseen:
    field, purpose = question.field, purposes[role]
    readable, rule = mask.decide(role, field, subject, purpose)
    if readable:
        return Foreseen(field, role, subject, purpose, True, None, rule)
    granted = purposes if question.related else [role]
    minor, restricted = subject is SubjectClass.MINOR, subject is SubjectClass.RESTRICTED
    why = reason(mask, granted, [role], purposes, field, minor=minor, restricted=restricted)
    return Foreseen(field, role, subject, purpose, False, why.real, rule)
