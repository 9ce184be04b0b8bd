"""The contract's types as plain Strawberry writes them: what both stock servers share, lists and references aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.enum
class EnrollmentStatus(Enum):
    """Where an enrolment stands."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.enum
class FinalResult(Enum):
    """How an enrolment ended."""

    DISTINCTION = "DISTINCTION"
    PASS = "PASS"
    FAIL = "FAIL"
    WITHDRAWN = "WITHDRAWN"


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    """An object in a list."""

    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    """A page of a list."""

    nodes: list[T]
    edges: list[Edge[T]]
    page_info: PageInfo


@dataclass(slots=True)
class Page(Generic[T]):
    """What a connection is read from; what nobody asks for is not made."""

    nodes: Sequence[T]
    has_next: bool = False

    @classmethod
    def of(cls, found: Sequence[T], first: int) -> "Page[T]":
        """Return the first `first` of `found`, which holds one more when there is another page."""
        return cls(found[:first], len(found) > first)

    @property
    def edges(self) -> list[Edge[T]]:
        return [Edge(cursor=str(node.id), node=node) for node in self.nodes]  # type: ignore[attr-defined] # all have one

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(has_next_page=self.has_next, end_cursor=self.edges[-1].cursor if self.nodes else None)


@strawberry.type
class Tenant:
    """The tenant that is served."""

    id: strawberry.ID
    slug: str
    name: str


@strawberry.type
class LearnerFields:
    """What a learner is described by."""

    id: strawberry.ID
    name: str | None = None
    picture_url: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    education: str | None = None
    location: str | None = None
    language: str | None = None
    learning_goals: str | None = None
    gender: str | None = None
    age_band: str | None = None
    region: str | None = None
    disability: bool | None = None
    deprivation_band: str | None = None
    minor: bool | None = None
    last_seen_at: datetime | None = None
    last_ip: str | None = None
    last_device: str | None = None


@strawberry.type
class CourseFields:
    """What a course is described by."""

    id: strawberry.ID
    code: str | None = None
    title: str | None = None
    description: str | None = None
    presentation: str | None = None
    starts_on: date | None = None
    length_days: int | None = None


@strawberry.type
class EnrollmentFields:
    """What an enrolment is described by."""

    id: strawberry.ID
    status: EnrollmentStatus | None = None
    enrolled_at: datetime | None = None
    completed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    progress: float | None = None
    final_result: FinalResult | None = None
    previous_attempts: int | None = None
    studied_credits: int | None = None
    average_score: float | None = None
    watch_seconds: int | None = None
    last_activity_at: datetime | None = None


@strawberry.type
class ResultFields:
    """What a result is described by."""

    id: strawberry.ID
    submitted_on: date | None = None
    banked: bool | None = None
    score: float | None = None
