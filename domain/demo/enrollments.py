"""Who takes which course in a demo tenant, how far they are, and what their work was marked with."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from statistics import fmean
from typing import NamedTuple
from uuid import UUID

from domain.demo.courses import RUNS, Run, course_id, outlines
from domain.demo.kinds import Kind, Who, everybody
from domain.demo.seed import Calendar, Row, chance, fixed_id
from domain.enrollments.model import EnrollmentStatus, FinalResult

_CHOSEN: Mapping[Who, Sequence[int]] = {
    Who(Kind.LEARNER): (0, 2, 4),
    Who(Kind.MINOR): (0, 9),
    # The restricted ones whom the cast's instructor teaches.
    Who(Kind.LEARNER, 3): (0, 6),
    Who(Kind.MINOR, 5): (0, 5),
    # Two who take a course beside what else they are.
    Who(Kind.GUARDIAN, 1): (0,),
    Who(Kind.INSTRUCTOR, 4): (9,),
}
_GAPS = ("enrolled_at", "progress", "studied_credits", "watch_seconds", "last_activity_at")
_MARKS = ((85, FinalResult.DISTINCTION), (50, FinalResult.PASS), (0, FinalResult.FAIL))


class Enrolled(NamedTuple):
    """An enrolment's row with the rows of its results."""

    enrollment: Row
    results: Sequence[Row]


class _Stay(NamedTuple):
    """How an enrolment stands today, and up to which day of the course there is something to tell of it."""

    status: EnrollmentStatus
    until: int


class _Taking(NamedTuple):
    """That somebody takes a course of a tenant; the course by its place in `RUNS`."""

    slug: str
    who: Who
    course: int

    @property
    def id(self) -> UUID:
        return fixed_id(self.slug, "enrollment", self.course, self.who.kind, at=self.who.number)

    @property
    def run(self) -> Run:
        return RUNS[self.course]


def draw_enrollments(slug: str, calendar: Calendar) -> Iterator[Enrolled]:
    """Yield every enrolment of a tenant, about 900, with its results."""
    for who in everybody():
        for course in _courses_of(slug, who):
            yield _enrolled(_Taking(slug, who, course), calendar)


def _courses_of(slug: str, who: Who) -> Sequence[int]:
    if who in _CHOSEN or who.kind not in {Kind.LEARNER, Kind.MINOR}:
        return _CHOSEN.get(who, ())
    random = chance(slug, *who, "courses")
    return random.sample(range(len(RUNS)), random.randint(2, 5))


def _enrolled(taking: _Taking, calendar: Calendar) -> Enrolled:
    slug, who, course = taking
    random = chance(slug, *who, "in course", course)
    stay = _stay(taking.run, who, random)
    results = list(_results(taking, stay.until, calendar, random))
    scores = [result["score"] for result in results if result["score"] is not None]
    average = fmean(scores) if scores else None
    row = {
        "id": taking.id,
        "course_id": course_id(slug, course),
        "learner_id": who.id(slug),
        "previous_attempts": random.randint(1, 2) if random.random() < 0.1 else 0,
        "studied_credits": random.choice((30, 60, 90, 120)),
        "average_score": average,
        "final_result": _final_result(stay.status, average),
        **_activity(stay, taking.run, random, calendar),
    }
    gaps = [] if who.is_cast else [column for column in _GAPS if random.random() < 0.05]
    return Enrolled({**row, **dict.fromkeys(gaps)}, results)


def _stay(run: Run, who: Who, random: Random) -> _Stay:
    length = run.length if run.ended else max(run.started, 0)
    if not run.upcoming and not who.is_cast and random.random() < 0.15:
        return _Stay(EnrollmentStatus.WITHDRAWN, random.randint(5, length - 10))
    return _Stay(EnrollmentStatus.COMPLETED if run.ended else EnrollmentStatus.ACTIVE, length)


def _results(taking: _Taking, until: int, calendar: Calendar, random: Random) -> Iterator[Row]:
    """Yield what was handed in for all that was due up to the day `until`; others than the cast miss some of it."""
    slug, who, course = taking
    ability = random.triangular(35, 98, 70)
    for place, outline in enumerate(outlines(slug, course)):
        handed_in = who.is_cast or random.random() > 0.08
        if outline.due > until or not handed_in:
            continue
        waits_for_mark = not who.is_cast and random.random() < 0.04
        yield {
            "id": fixed_id(slug, "result", course, *who, at=place),
            "enrollment_id": taking.id,
            "assessment_id": outline.id,
            "submitted_on": calendar.day(taking.run.started - outline.due + random.randint(0, 5)),
            "banked": not who.is_cast and random.random() < 0.02,
            "score": None if waits_for_mark else _score(ability, random),
        }


def _score(ability: float, random: Random) -> float:
    # Triangular and not normal: it needs no logarithm, whose last digit differs between machines.
    return float(min(100, max(0, round(ability + random.triangular(-20, 20)))))


def _final_result(status: EnrollmentStatus, average: float | None) -> FinalResult | None:
    if status is EnrollmentStatus.ACTIVE:
        return None
    if status is EnrollmentStatus.WITHDRAWN:
        return FinalResult.WITHDRAWN
    return next(mark for least, mark in _MARKS if (average or 0) >= least)


def _activity(stay: _Stay, run: Run, random: Random, calendar: Calendar) -> Row:
    """Return status, dates, progress and time spent, none of it later than yesterday."""
    last_day = run.started - stay.until
    active, withdrawn = stay.status is EnrollmentStatus.ACTIVE, stay.status is EnrollmentStatus.WITHDRAWN
    share = 1.0 if stay.status is EnrollmentStatus.COMPLETED else stay.until / run.length * random.uniform(0.7, 1)
    # Somebody active was there lately, but before their person's last sign-in.
    idle = random.randint(10, max(10, min(45, run.started - 1))) if active else last_day + random.randint(1, 3)
    return {
        "status": stay.status,
        "enrolled_at": calendar.moment(max(run.started, 0) + random.randint(5, 60), random),
        "completed_at": None if active or withdrawn else calendar.moment(last_day - random.randint(3, 10), random),
        "withdrawn_at": calendar.moment(last_day, random) if withdrawn else None,
        "progress": round(share, 2),
        "watch_seconds": int(share * random.randint(20_000, 160_000)),
        "last_activity_at": None if run.upcoming else calendar.moment(idle, random),
    }
