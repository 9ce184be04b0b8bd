"""A demo tenant's courses: when each runs, who teaches it, and what is marked in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from domain.courses.model import AssessmentKind
from domain.demo.catalogue import CATALOGUE
from domain.demo.kinds import Kind, Who
from domain.demo.seed import Calendar, Row, chance, fixed_id


@dataclass(frozen=True, slots=True)
class Run:
    """A presentation of a subject. Days are counted back from today: negative ones lie ahead."""

    subject: int
    number: int
    started: int
    length: int
    teachers: tuple[int, ...]

    @property
    def ended(self) -> bool:
        return self.started > self.length

    @property
    def upcoming(self) -> bool:
        return self.started < 0


RUNS: Sequence[Run] = (
    Run(subject=0, number=2, started=150, length=240, teachers=(0,)),
    Run(subject=0, number=1, started=515, length=240, teachers=(0,)),
    Run(subject=1, number=1, started=140, length=260, teachers=(1,)),
    Run(subject=1, number=2, started=-30, length=260, teachers=(1,)),
    Run(subject=2, number=1, started=430, length=230, teachers=(2,)),
    Run(subject=2, number=2, started=60, length=230, teachers=(2, 7)),
    Run(subject=3, number=1, started=200, length=250, teachers=(3,)),
    Run(subject=4, number=1, started=520, length=240, teachers=(4,)),
    Run(subject=4, number=2, started=155, length=240, teachers=(4,)),
    Run(subject=5, number=1, started=90, length=180, teachers=(5,)),
    Run(subject=6, number=1, started=300, length=200, teachers=(6,)),
    Run(subject=7, number=1, started=20, length=120, teachers=(7,)),
)
"""Course by course. The cast's instructor teaches the first two; the cast's learner and minor are in the first."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An assessment as the results need it: `due` in days after the course's start."""

    id: UUID
    kind: AssessmentKind
    due: int
    weight: int


def course_id(slug: str, course: int) -> UUID:
    """Return the id of the course by its place in `RUNS`."""
    return fixed_id(slug, "course", at=course)


def draw_courses(slug: str, calendar: Calendar) -> Iterator[Row]:
    """Yield the rows of `course`."""
    for course, run in enumerate(RUNS):
        subject = CATALOGUE[slug][run.subject]
        yield {
            "id": course_id(slug, course),
            **subject._asdict(),
            "presentation": f"Run {run.number}",
            "starts_on": calendar.day(run.started),
            "length_days": run.length,
        }


def draw_teaching(slug: str, calendar: Calendar) -> Iterator[Row]:
    """Yield the rows of `teaching`."""
    for course, run in enumerate(RUNS):
        for teacher in run.teachers:
            since = calendar.moment(max(run.started, 0) + 30, chance(slug, "teaching", course, teacher))
            person = Who(Kind.INSTRUCTOR, teacher).id(slug)
            yield {"course_id": course_id(slug, course), "person_id": person, "since": since}


def draw_assessments(slug: str) -> Iterator[Row]:
    """Yield the rows of `assessment`."""
    for course in range(len(RUNS)):
        for outline in outlines(slug, course):
            yield {
                "id": outline.id,
                "course_id": course_id(slug, course),
                "kind": outline.kind,
                "due_day": outline.due,
                "weight": float(outline.weight),
            }


@cache
def outlines(slug: str, course: int) -> Sequence[Outline]:
    """Return what is marked in a course, 3 to 6 assessments in the order of their dates, the exam last."""
    random = chance(slug, "assessments", course)
    count = 5 if course == 0 else random.randint(3, 6)
    marked = (AssessmentKind.TUTOR_MARKED, AssessmentKind.COMPUTER_MARKED)
    kinds = [*(random.choice(marked) for _ in range(count - 1)), AssessmentKind.EXAM]
    due = [RUNS[course].length * (place + 1) // count for place in range(count)]
    identities = [fixed_id(slug, "assessment", course, at=place) for place in range(count)]
    return tuple(map(Outline, identities, kinds, due, _weights(count)))


def _weights(count: int) -> list[int]:
    """Return whole per cent that sum to 100: equal ones in steps of five, and what is left for the exam."""
    each = 60 // (count - 1) // 5 * 5
    return [each] * (count - 1) + [100 - each * (count - 1)]
