"""Learner: a person as everybody else meets them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.reading.category import DataCategory
from api.reading.declare import access, cell, entity, key, many
from api.schema import lists
from api.schema.access import FieldAccess
from api.schema.access_event import NEWEST_FIRST, OWN_PART, AccessEvent, concerning
from api.schema.access_filters import access_event_filters
from api.schema.access_index import by_subject
from api.schema.connection import Connection
from api.schema.inputs import AccessEventFilter
from api.schema.node import Node
from domain.people.model import person

if TYPE_CHECKING:
    from api.schema.enrollment import Enrollment

AccessEvents = Connection[AccessEvent]
Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("api.schema.enrollment")]]

columns = person.c


@entity(person, subject=columns.id)
@strawberry.type(description="A person: what they told, how they learn. Each field is decided for each viewer.")
class Learner(Node):
    """A person."""

    id: strawberry.ID = key("Learner", DataCategory.IDENTIFIER, of=columns.id)
    name: str | None = cell(columns.name, DataCategory.IDENTITY, "The name they go by.")
    picture_url: str | None = cell(columns.picture_url, DataCategory.IDENTITY, "Where their picture is.")
    email: str | None = cell(columns.email, DataCategory.CONTACT, "Their email address.")
    phone: str | None = cell(columns.phone, DataCategory.CONTACT, "Their telephone number.")
    title: str | None = cell(columns.title, DataCategory.PROFILE, "Their professional title.")
    education: str | None = cell(columns.education, DataCategory.PROFILE, "Their highest education.")
    location: str | None = cell(columns.location, DataCategory.PROFILE, "Where they are.")
    language: str | None = cell(
        columns.language, DataCategory.PROFILE, "The language they prefer, as BCP 47 writes it."
    )
    learning_goals: str | None = cell(columns.learning_goals, DataCategory.PROFILE, "What they want to learn.")
    gender: str | None = cell(columns.gender, DataCategory.DEMOGRAPHIC, "Their gender.")
    age_band: str | None = cell(columns.age_band, DataCategory.DEMOGRAPHIC, "How old they are, roughly.")
    region: str | None = cell(columns.region, DataCategory.DEMOGRAPHIC, "The region they live in.")
    disability: bool | None = cell(columns.disability, DataCategory.DEMOGRAPHIC, "Whether they declared a disability.")
    deprivation_band: str | None = cell(
        columns.deprivation_band, DataCategory.DEMOGRAPHIC, "How deprived the area is that they live in."
    )
    minor: bool | None = cell(columns.minor, DataCategory.GUARDIANSHIP, "Whether they are under 18, or may be.")
    last_seen_at: datetime | None = cell(columns.last_seen_at, DataCategory.TECHNICAL, "When they were last signed in.")
    last_ip: str | None = cell(columns.last_ip, DataCategory.TECHNICAL, "The address they last came from.")
    last_device: str | None = cell(columns.last_device, DataCategory.TECHNICAL, "The device they last used.")
    enrollments: Enrollments | None = many(
        "Enrollment", lists.enrollments_of_learner, DataCategory.LEARNING, "The courses they take.",
        filters=lists.ENROLLMENT_FILTERS, orders=lists.ENROLLMENT_ORDERS,
    )  # fmt: skip
    guardians: list[Annotated["Learner", strawberry.lazy("api.schema.learner")]] | None = many(
        "Learner",
        lists.guardians_of,
        DataCategory.GUARDIANSHIP,
        "Who answers for them, while they are a minor.",
        plain=20,
    )
    access_log: AccessEvents | None = many(
        OWN_PART, concerning, DataCategory.ACCESS, "Who read this person's data, and what of it.",
        filters=(AccessEventFilter, access_event_filters(own=True)), plain_order=NEWEST_FIRST, stands_as_parent=True,
        found_by=by_subject,
    )  # fmt: skip
    viewer_access: list[FieldAccess] = access()
