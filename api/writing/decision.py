"""Whether a change may be made: the call, and each field that it writes. The mask alone decides.

The capacities are those in which the viewer meets the row concerned, as the reader found them. A field may be written
in a capacity in which the call may be made too: what one role may call does not help another that may write.
"""

from collections.abc import Iterable
from typing import NamedTuple

from api.reading.met import Met
from api.reading.standing import MINOR, RESTRICTED, Standing
from authz.reasons import Denial, reason, subject_class
from authz.rules import CALLED
from authz.viewer import Role


class Refused(NamedTuple):
    """What may not be done: the call as a whole, or else the fields that may not be written. Why, for the record."""

    whole: bool
    fields: list[str]
    denial: Denial


def refusal(standing: Standing, name: str, met: Met, writes: Iterable[str]) -> Refused | None:
    """Return what keeps the viewer from calling the mutation `name` on the row `met`; None if nothing does.

    `writes`: the fields (`Type.field`) that the call would write there.
    """
    held = standing.held(met.situation)
    callers = _allowed(standing, held, f"{CALLED}.{name}", met.situation, "call")
    if not callers:
        return Refused(True, [], _why(standing, held, f"{CALLED}.{name}", met.situation, "call"))
    unwritable = [field for field in writes if not _allowed(standing, callers, field, met.situation, "write")]
    if unwritable:
        return Refused(False, unwritable, _why(standing, callers, unwritable[0], met.situation, "write"))
    return None


def _allowed(standing: Standing, roles: Iterable[Role], object_: str, situation: int, action: str) -> list[Role]:
    subject = subject_class(bool(situation & MINOR), bool(situation & RESTRICTED))
    return [
        role
        for role in roles
        if standing.mask.decide(role, object_, subject, standing.purposes[role], action=action).allowed
    ]


def _why(standing: Standing, held: Iterable[Role], object_: str, situation: int, action: str) -> Denial:
    return reason(
        standing.mask, standing.roles, held, standing.purposes, object_,
        minor=bool(situation & MINOR), restricted=bool(situation & RESTRICTED), action=action,
    )  # fmt: skip
