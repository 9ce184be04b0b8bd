"""A demo tenant's seat pools, what they open, and who holds or held a seat."""

from collections.abc import Iterator, Mapping
from random import Random
from uuid import UUID

from domain.demo.courses import course_id
from domain.demo.kinds import Kind, Who, everybody
from domain.demo.seed import Calendar, Row, chance, fixed_id
from domain.seats.model import SeatStatus

_POOLS = (
    ("Foundation licence", 290, range(9)),
    ("Specialist licence", 60, (0, 9, 10, 11)),
)
_SPECIALISTS = 70
_RETURNED = Who(Kind.LEARNER, 8)
# How many of a hundred seats stand where; the rest of the hundred people have none.
_SHARES = {SeatStatus.ACTIVE: 80, SeatStatus.INVITED: 5, SeatStatus.REVOKED: 6, SeatStatus.EXPIRED: 4}


def draw_pools(slug: str, calendar: Calendar) -> Iterator[Row]:
    """Yield the rows of `seat_pool`."""
    for pool, (name, total, _) in enumerate(_POOLS):
        days = {"starts_on": calendar.day(365), "ends_on": calendar.day(-365)}
        yield {"id": _pool_id(slug, pool), "name": name, "total": total, **days}


def draw_pool_courses(slug: str) -> Iterator[Row]:
    """Yield the rows of `seat_pool_course`."""
    for pool, (_, _, courses) in enumerate(_POOLS):
        for course in courses:
            yield {"pool_id": _pool_id(slug, pool), "course_id": course_id(slug, course)}


def draw_seats(slug: str, calendar: Calendar, addresses: Mapping[UUID, str | None]) -> Iterator[Row]:
    """Yield the rows of `seat`: a live one for the whole cast and most others. `addresses` are the people's emails."""
    for place, (who, pool, status) in enumerate(_holders(slug)):
        person, random = who.id(slug), chance(slug, "seat", pool, *who, status)
        yield {
            "id": fixed_id(slug, "seat", at=place),
            "pool_id": _pool_id(slug, pool),
            "person_id": person,
            "email": addresses[person],
            "status": status,
            **_dates(status, calendar, random),
        }


def _holders(slug: str) -> Iterator[tuple[Who, int, SeatStatus]]:
    yield _RETURNED, 0, SeatStatus.REVOKED
    for who in everybody():
        status = _status(slug, 0, who)
        if status is not None:
            yield who, 0, status
    for number in range(1, _SPECIALISTS):
        learner = Who(Kind.LEARNER, number)
        status = _status(slug, 1, learner)
        if status is not None and number % 3 != 0:
            yield learner, 1, status


def _status(slug: str, pool: int, who: Who) -> SeatStatus | None:
    if who.is_cast or who == _RETURNED:
        return SeatStatus.ACTIVE
    if who.kind is Kind.INVITED:
        return SeatStatus.INVITED
    drawn = chance(slug, "seat status", pool, *who).randrange(100)
    for status, share in _SHARES.items():
        if drawn < share:
            return status
        drawn -= share
    return None


def _dates(status: SeatStatus, calendar: Calendar, random: Random) -> Row:
    assigned = random.randint(*((5, 40) if status is SeatStatus.INVITED else (120, 350)))
    accepted = None if status is SeatStatus.INVITED else assigned - random.randint(1, 15)
    used = None if accepted is None else accepted - random.randint(1, 100 if status is SeatStatus.ACTIVE else 30)
    revoked = random.randint(10, 60) if status is SeatStatus.REVOKED else None
    days = {"assigned_at": assigned, "accepted_at": accepted, "revoked_at": revoked, "last_used_at": used}
    return {name: None if ago is None else calendar.moment(ago, random) for name, ago in days.items()}


def _pool_id(slug: str, pool: int) -> UUID:
    return fixed_id(slug, "seat pool", at=pool)
