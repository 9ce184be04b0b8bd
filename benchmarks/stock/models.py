"""The tables as the ORM maps them. The column `id` is the attribute `key`; `id` is the global id."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api.ids import encode_id


class Base(DeclarativeBase):
    """What is mapped here."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 # SQLAlchemy's own form


class Tenant(Base):
    """A tenant."""

    __tablename__ = "tenant"
    key: Mapped[UUID] = mapped_column("tenant_id", primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]

    @property
    def id(self) -> str:
        return encode_id("Tenant", self.key)


class Person(Base):
    """A learner."""

    __tablename__ = "person"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column("id", primary_key=True)
    name: Mapped[str | None]
    picture_url: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    title: Mapped[str | None]
    education: Mapped[str | None]
    location: Mapped[str | None]
    language: Mapped[str | None]
    learning_goals: Mapped[str | None]
    gender: Mapped[str | None]
    age_band: Mapped[str | None]
    region: Mapped[str | None]
    disability: Mapped[bool | None]
    deprivation_band: Mapped[str | None]
    minor: Mapped[bool]
    last_seen_at: Mapped[datetime | None]
    last_ip: Mapped[str | None]
    last_device: Mapped[str | None]

    @property
    def id(self) -> str:
        return encode_id("Learner", self.key)


class Course(Base):
    """A course."""

    __tablename__ = "course"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column("id", primary_key=True)
    code: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    presentation: Mapped[str | None]
    starts_on: Mapped[date | None]
    length_days: Mapped[int | None]

    @property
    def id(self) -> str:
        return encode_id("Course", self.key)


class Enrollment(Base):
    """An enrolment."""

    __tablename__ = "enrollment"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column("id", primary_key=True)
    course_id: Mapped[UUID]
    learner_id: Mapped[UUID]
    status: Mapped[str]
    enrolled_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    progress: Mapped[float | None]
    final_result: Mapped[str | None]
    previous_attempts: Mapped[int | None]
    studied_credits: Mapped[int | None]
    average_score: Mapped[float | None]
    watch_seconds: Mapped[int | None]
    last_activity_at: Mapped[datetime | None]

    @property
    def id(self) -> str:
        return encode_id("Enrollment", self.key)


class Result(Base):
    """A result of an assessment."""

    __tablename__ = "assessment_result"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column("id", primary_key=True)
    enrollment_id: Mapped[UUID]
    assessment_id: Mapped[UUID]
    submitted_on: Mapped[date | None]
    banked: Mapped[bool]
    score: Mapped[float | None]

    @property
    def id(self) -> str:
        return encode_id("AssessmentResult", self.key)
