"""The data set in memory: everything but the single results, of which each enrolment keeps only what follows from them.

Days are counted from the start of the course, as in the files.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from domain.courses.model import AssessmentKind
from domain.enrollments.model import EnrollmentStatus, FinalResult


@dataclass(slots=True)
class Enrolment:
    """That a student takes a presentation, and what the results say of it."""

    line: int
    """Where it stands in studentInfo.csv."""
    final_result: FinalResult
    previous_attempts: int
    studied_credits: int
    is_registered: bool = False
    registered_on: int | None = None
    unregistered_on: int | None = None
    submitted: int = 0
    """One bit per assessment of the course that there is a result of."""
    last_submitted_on: int | None = None
    scores: int = 0
    score_sum: int = 0
    """In hundredths."""

    @property
    def is_completed(self) -> bool:
        """The presentations are all over: whoever did not withdraw has completed."""
        return self.final_result is not FinalResult.WITHDRAWN

    @property
    def status(self) -> EnrollmentStatus:
        """Where the enrolment stands."""
        return EnrollmentStatus.COMPLETED if self.is_completed else EnrollmentStatus.WITHDRAWN

    @property
    def average_score(self) -> float | None:
        """The plain mean of the scores there are, 0 to 100."""
        return self.score_sum / (100 * self.scores) if self.scores else None

    def add_result(self, position: int, day: int, score: int | None) -> None:
        """Count a result of the course's assessment at `position`, submitted on `day`, `score` in hundredths."""
        self.submitted |= 1 << position
        self.last_submitted_on = day if self.last_submitted_on is None else max(day, self.last_submitted_on)
        if score is not None:
            self.scores += 1
            self.score_sum += score


@dataclass(slots=True)
class Course:
    """A presentation of a module."""

    module: str
    presentation: str
    starts_on: date
    length: int
    """In days."""
    assessments: int = 0
    enrolled: dict[int, Enrolment] = field(default_factory=dict)
    """By the student's number."""

    @property
    def external_id(self) -> str:
        """The presentation's key outside the data set."""
        return f"oulad:{self.module}:{self.presentation}"

    def on(self, day: int | None) -> date | None:
        """Return the date of `day`, counted from the start."""
        return None if day is None else self.starts_on + timedelta(days=day)

    def at(self, day: int | None) -> datetime | None:
        """Return midnight (UTC) of `day`; the files know no time of day."""
        return None if day is None else datetime.combine(self.starts_on + timedelta(days=day), time.min, tzinfo=UTC)

    def progress(self, enrolment: Enrolment) -> float | None:
        """Return the share of the course's assessments that were submitted, 0 to 1; None where there are none."""
        return enrolment.submitted.bit_count() / self.assessments if self.assessments else None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Something in a presentation that is marked."""

    number: int
    course: Course
    position: int
    """Among the course's assessments, from 0."""
    kind: AssessmentKind
    due_day: int | None
    weight: float
    """Per cent."""

    @property
    def external_id(self) -> str:
        """The assessment's key outside the data set."""
        return f"oulad:{self.number}"


@dataclass(frozen=True, slots=True)
class Student:
    """What the files say of a person."""

    as_of: tuple[date, str]
    """The start and the module of the presentation it was said in: a later one holds."""
    gender: str
    region: str
    education: str
    age_band: str
    deprivation_band: str | None
    disability: bool


@dataclass(slots=True)
class Dataset:
    """The whole data set. Students and assessments are keyed by their numbers in the files."""

    courses: dict[tuple[str, str], Course] = field(default_factory=dict)
    assessments: dict[int, Assessment] = field(default_factory=dict)
    students: dict[int, Student] = field(default_factory=dict)
    results: int = 0
    results_digest: bytes = b""
    """The SHA-256 of studentAssessment.csv as it was checked."""

    @property
    def enrolments(self) -> int:
        """How many enrolments there are."""
        return sum(len(course.enrolled) for course in self.courses.values())
