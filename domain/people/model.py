"""People, membership, granted roles, guardianship."""

from datetime import date
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Column, Text, Uuid, false, func, true

from domain.values.email import searched_form
from tenants.keys.columns import Hashed, Sealed, sealed_at_most
from tenants.tables import Sorted, Timestamp, at_most, belongs_to, index, one_of, tenant_table, unique


class GrantedRole(StrEnum):
    """A role that somebody grants; the others follow from relations (being somebody's guardian, being a minor)."""

    INSTRUCTOR = "INSTRUCTOR"
    ENTERPRISE_ADMIN = "ENTERPRISE_ADMIN"
    SUPPORT = "SUPPORT"
    SECURITY = "SECURITY"
    PRIVACY = "PRIVACY"


STAFF_ROLES = (GrantedRole.SUPPORT, GrantedRole.SECURITY, GrantedRole.PRIVACY)
"""Roles of the platform's own staff: granted in the platform's tenant only, used through a case."""

person = tenant_table(
    "person",
    Column("external_id", Text, nullable=True, comment="the person's key in the data set they came from"),
    Column("name", Sorted, nullable=True),
    Column("picture_url", Text, nullable=True),
    Column("email", Sealed(), nullable=True, comment="trimmed, lower case"),
    Column("email_hash", Hashed("email", searched_form), nullable=True, comment="to find the address by"),
    Column("phone", Sealed(), nullable=True),
    Column("title", Text, nullable=True),
    Column("education", Text, nullable=True),
    Column("location", Text, nullable=True),
    Column("language", Text, nullable=True, comment="BCP 47"),
    Column("learning_goals", Text, nullable=True),
    Column("gender", Sealed(), nullable=True),
    Column("age_band", Sealed(), nullable=True),
    Column("region", Sealed(), nullable=True),
    Column("disability", Sealed(bool), nullable=True),
    Column("deprivation_band", Sealed(), nullable=True),
    Column("birth_date", Sealed(date), nullable=True),
    Column("minor", Boolean, nullable=False, server_default=true(), comment="kept from the birth date; unknown: true"),
    Column("restricted", Boolean, nullable=False, server_default=false(), comment="asked to restrict processing"),
    Column("last_seen_at", Timestamp, nullable=True),
    Column("last_ip", Sealed(), nullable=True),
    Column("last_device", Sealed(), nullable=True),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    unique("external_id"),
    unique("email_hash"),
    index("person_name_idx", "name", "id"),
    index("person_last_seen_idx", "last_seen_at", "id"),
    at_most("external_id", 100),
    at_most("name", 200),
    at_most("picture_url", 2000),
    at_most("title", 200),
    at_most("education", 200),
    at_most("location", 200),
    at_most("language", 35),
    at_most("learning_goals", 4000),
    *sealed_at_most(email=320, phone=40, gender=40, age_band=20, region=100, disability=1, deprivation_band=20),
    *sealed_at_most(birth_date=10, last_ip=45, last_device=400),
    comment="A person in a tenant. The same human in two tenants is two rows that know nothing of each other.",
)

membership = tenant_table(
    "membership",
    Column("person_id", Uuid, nullable=False),
    Column("joined_at", Timestamp, nullable=False, server_default=func.now()),
    Column("left_at", Timestamp, nullable=True),
    belongs_to("person", "person_id"),
    key=("person_id",),
    comment="That a person is a member of the tenant, since when and until when.",
)

role_grant = tenant_table(
    "role_grant",
    Column("person_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("granted_at", Timestamp, nullable=False, server_default=func.now()),
    Column("granted_by", Uuid, nullable=True, comment="null: the installation itself"),
    belongs_to("membership", "person_id", "person_id"),
    belongs_to("person", "granted_by"),
    one_of("role", GrantedRole),
    index("role_grant_granted_by_idx", "granted_by"),
    key=("person_id", "role"),
    comment="A role that a member was granted.",
)

guardianship = tenant_table(
    "guardianship",
    Column("guardian_id", Uuid, nullable=False),
    Column("ward_id", Uuid, nullable=False),
    Column("invited_at", Timestamp, nullable=False, server_default=func.now()),
    Column("confirmed_at", Timestamp, nullable=True),
    Column("withdrawn_at", Timestamp, nullable=True),
    belongs_to("person", "guardian_id"),
    belongs_to("person", "ward_id"),
    index("guardianship_live_key", "ward_id", "guardian_id", where="withdrawn_at IS NULL", is_unique=True),
    index("guardianship_guardian_id_idx", "guardian_id"),
    CheckConstraint("guardian_id <> ward_id", name="two_people"),
    comment="That one person answers for another, a minor: invited, confirmed, withdrawn.",
)
