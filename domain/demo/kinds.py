"""Who there is in the demo: kinds of people, how many of each, and those with something special."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from domain.demo.seed import fixed_id
from domain.people.model import GrantedRole


class Kind(StrEnum):
    """What somebody is in the demo first of all."""

    LEARNER = "learner"
    MINOR = "minor"
    GUARDIAN = "guardian"
    INSTRUCTOR = "instructor"
    ENTERPRISE_ADMIN = "enterprise_admin"
    INVITED = "invited"
    SUPPORT = "support"
    SECURITY = "security"
    PRIVACY = "privacy"


MEMBERS = (Kind.LEARNER, Kind.MINOR, Kind.GUARDIAN, Kind.INSTRUCTOR, Kind.ENTERPRISE_ADMIN)
"""The kinds whose first person is the cast's, in each tenant."""

STAFF = (Kind.SUPPORT, Kind.SECURITY, Kind.PRIVACY)
"""The kinds of which the platform's tenant has one person each, the cast's."""

HOW_MANY: Mapping[Kind, int] = {
    Kind.LEARNER: 212,
    Kind.MINOR: 42,
    Kind.GUARDIAN: 30,
    Kind.INSTRUCTOR: 8,
    Kind.ENTERPRISE_ADMIN: 2,
    Kind.INVITED: 4,
}
"""How many people of each kind a demo tenant has."""

ROLES: Mapping[Kind, GrantedRole] = {
    Kind.INSTRUCTOR: GrantedRole.INSTRUCTOR,
    Kind.ENTERPRISE_ADMIN: GrantedRole.ENTERPRISE_ADMIN,
    Kind.SUPPORT: GrantedRole.SUPPORT,
    Kind.SECURITY: GrantedRole.SECURITY,
    Kind.PRIVACY: GrantedRole.PRIVACY,
}
"""The role that people of a kind are granted."""


class Who(NamedTuple):
    """A person of a tenant by kind and number, from 0."""

    kind: Kind
    number: int = 0

    @property
    def is_cast(self) -> bool:
        return self.number == 0 and self.kind is not Kind.INVITED

    def id(self, slug: str) -> UUID:
        """Return their id in the tenant `slug`."""
        return fixed_id(slug, self.kind, at=self.number)


RESTRICTED = {Who(Kind.LEARNER, 3), Who(Kind.LEARNER, 40), Who(Kind.MINOR, 5)}
"""Who asked to restrict processing; the first and the last are taught by the cast's instructor."""

LEFT = {Who(Kind.LEARNER, 60), Who(Kind.LEARNER, 61)}
"""Who is no member any more."""

TWIN = Who(Kind.LEARNER, 7)
"""Who may have the email address of another tenant's learner."""


def everybody() -> Iterator[Who]:
    """Yield everybody of a demo tenant, always in the same order."""
    return (Who(kind, number) for kind, count in HOW_MANY.items() for number in range(count))
