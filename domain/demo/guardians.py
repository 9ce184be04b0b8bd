"""Who answers for which minor in a demo tenant."""

from collections.abc import Iterator
from enum import StrEnum

from domain.demo.kinds import Kind, Who
from domain.demo.seed import Calendar, Row, chance, fixed_id


class Stage(StrEnum):
    """How far a guardianship has come."""

    INVITED = "invited"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


def _pairs() -> Iterator[tuple[int, int, Stage]]:
    """Yield minor, guardian and stage: the cast's pair, one guardian of two, one invited, one withdrawn, then more."""
    yield 0, 0, Stage.CONFIRMED
    yield from ((1, 1, Stage.CONFIRMED), (2, 1, Stage.CONFIRMED))
    yield 3, 2, Stage.INVITED
    yield 4, 3, Stage.WITHDRAWN
    for number in range(10):
        yield from ((5 + number, 4 + 2 * number + parent, Stage.CONFIRMED) for parent in range(2))
    yield from ((15 + number, 24 + number, Stage.CONFIRMED) for number in range(6))


def draw_guardianships(slug: str, calendar: Calendar) -> Iterator[Row]:
    """Yield the rows of `guardianship` of a whole tenant."""
    return (draw_guardianship(slug, calendar, *pair) for pair in _pairs())


def draw_guardianship(
    slug: str, calendar: Calendar, minor: int = 0, guardian: int = 0, stage: Stage = Stage.CONFIRMED
) -> Row:
    """Return one row of `guardianship`; that of the cast's guardian and minor when no numbers are given."""
    random = chance(slug, "guardianship", minor, guardian)
    invited = random.randint(300, 600)
    return {
        "id": fixed_id(slug, "guardianship", guardian, at=minor),
        "guardian_id": Who(Kind.GUARDIAN, guardian).id(slug),
        "ward_id": Who(Kind.MINOR, minor).id(slug),
        "invited_at": calendar.moment(invited, random),
        "confirmed_at": None if stage is Stage.INVITED else calendar.moment(invited - random.randint(1, 20), random),
        "withdrawn_at": calendar.moment(random.randint(10, 100), random) if stage is Stage.WITHDRAWN else None,
    }
