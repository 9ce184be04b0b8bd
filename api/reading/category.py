"""Categories of personal data, and the mark that a field holds some."""

from enum import StrEnum

import strawberry
from strawberry.schema_directive import Location


@strawberry.enum(description="What kind of data about a person a field holds.")
class DataCategory(StrEnum):
    """Categories of personal data; `authz/policy/categories.csv` says more of each."""

    IDENTIFIER = "IDENTIFIER"
    IDENTITY = "IDENTITY"
    CONTACT = "CONTACT"
    PROFILE = "PROFILE"
    DEMOGRAPHIC = "DEMOGRAPHIC"
    LEARNING = "LEARNING"
    SEAT = "SEAT"
    BEHAVIOUR = "BEHAVIOUR"
    COMMUNICATION = "COMMUNICATION"
    PAYMENT = "PAYMENT"
    TECHNICAL = "TECHNICAL"
    GUARDIANSHIP = "GUARDIANSHIP"
    CONSENT = "CONSENT"
    ACCESS = "ACCESS"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The field describes a person. Who may read it, the policy says by this category.",
)
class Personal:
    """Marks a field that describes a person."""

    category: DataCategory
