"""Tenants, people, courses, enrolments, seats, sessions, cases, and the trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tenants.isolation import APPLICATION_ROLE, isolate, shut

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# What the application's role may do with each table's rows. Nobody but the owner may delete, except links.
ADD_AND_CHANGE = "SELECT, INSERT, UPDATE"
LINK = "SELECT, INSERT, UPDATE, DELETE"
ADD_ONLY = "SELECT, INSERT"
RIGHTS = {
    "tenant": ADD_AND_CHANGE,
    "agreement": ADD_ONLY,
    "agreement_category": ADD_ONLY,
    "agreement_grant": ADD_ONLY,
    "person": ADD_AND_CHANGE,
    "membership": ADD_AND_CHANGE,
    "role_grant": LINK,
    "guardianship": ADD_AND_CHANGE,
    "session": ADD_AND_CHANGE,
    "staff_case": ADD_AND_CHANGE,
    "staff_case_subject": ADD_ONLY,
    "course": ADD_AND_CHANGE,
    "teaching": LINK,
    "assessment": ADD_AND_CHANGE,
    "enrollment": ADD_AND_CHANGE,
    "assessment_result": ADD_AND_CHANGE,
    "seat_pool": ADD_AND_CHANGE,
    "seat_pool_course": LINK,
    "seat": ADD_AND_CHANGE,
    "access_event": ADD_ONLY,
}


# A temporary table could stand in for a real one of the same name. Only the database's owner may close that door; where
# somebody else owns it, docs/operating.md asks them to.
NO_TEMPORARY_TABLES = """
    DO $$ BEGIN
        IF (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
            EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
        END IF;
    END $$
"""


def upgrade() -> None:
    """Make the tables, the trail's first partitions, and shut every table up to its tenant."""
    op.execute(NO_TEMPORARY_TABLES)
    create_tables()
    for years in (1, 2, 7):
        create_partition(years)
    op.execute(f"GRANT {ADD_ONLY} ON tenant_directory TO {APPLICATION_ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {APPLICATION_ROLE}")
    for table, rights in RIGHTS.items():
        for statement in isolate(table, may=rights):
            op.execute(statement)


def create_partition(years: int) -> None:
    """Make the trail's partition of one class of retention, itself partitioned by time."""
    name = f"access_event_{years}y"
    op.execute(f'CREATE TABLE {name} PARTITION OF access_event FOR VALUES IN ({years}) PARTITION BY RANGE ("at")')
    op.execute(f"CREATE TABLE {name}_rest PARTITION OF {name} DEFAULT")
    for partition in (name, f"{name}_rest"):
        for statement in shut(partition):
            op.execute(statement)


def create_tables() -> None:
    """Make every table as the code describes it."""
    op.create_table(
        "tenant_directory",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'", name=op.f("tenant_directory_slug_check")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("tenant_directory_pkey")),
        sa.UniqueConstraint("slug", name=op.f("tenant_directory_slug_key")),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("tenant_directory_tenant_id_slug_key")),
        comment="Which tenants exist. The only table without row-level security, and it holds nothing else: a sign-in and a job have to find the tenant before they can set it.",
    )
    op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) <= 200", name=op.f("tenant_name_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "slug"],
            ["tenant_directory.tenant_id", "tenant_directory.slug"],
            name=op.f("tenant_tenant_id_slug_fkey"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("tenant_pkey")),
        comment="An organisation with its own people, rules and trail.",
    )
    op.create_table(
        "access_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "retention_years", sa.SmallInteger(), nullable=False, comment="how long the tenant's agreement keeps it"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False, comment="granted to the actor at the time"),
        sa.Column(
            "capacities",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="in which the actor met the rows that were read",
        ),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("document_hash", sa.Text(), nullable=False, comment="SHA-256 of the document, hexadecimal"),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("client_address", sa.Text(), nullable=True),
        sa.Column("client_device", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("subject_count", sa.Integer(), nullable=False),
        sa.Column(
            "disclosures",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment='[{"fields": ["Type.field"], "subjects": ["UUID"]}]',
        ),
        sa.Column(
            "denials",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment='[{"field": "Type.field", "reason": "...", "told": "...", "subjects": ["UUID"]}]',
        ),
        sa.Column("sealed_in", sa.Integer(), nullable=True, comment="the size of the first signed tree that covers it"),
        sa.CheckConstraint("outcome IN ('RELEASED', 'DENIED', 'REFUSED')", name=op.f("access_event_outcome_check")),
        sa.CheckConstraint("char_length(client_address) <= 45", name=op.f("access_event_client_address_check")),
        sa.CheckConstraint("char_length(client_device) <= 400", name=op.f("access_event_client_device_check")),
        sa.CheckConstraint("char_length(document_hash) <= 64", name=op.f("access_event_document_hash_check")),
        sa.CheckConstraint("char_length(operation) <= 200", name=op.f("access_event_operation_check")),
        sa.CheckConstraint("char_length(request_id) <= 128", name=op.f("access_event_request_id_check")),
        sa.CheckConstraint("retention_years IN (1, 2, 7)", name=op.f("access_event_retention_years_check")),
        sa.CheckConstraint(
            "subject_count >= 0 AND subject_count <= 10000000", name=op.f("access_event_subject_count_check")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="access_event_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "retention_years", "at", "id", name=op.f("access_event_pkey")),
        comment="The record of one request. It may be added to and read, never changed.",
        postgresql_partition_by="LIST (retention_years)",
    )
    op.create_index("access_event_actor_idx", "access_event", ["tenant_id", "actor_id", "at"], unique=False)
    op.create_index("access_event_id_idx", "access_event", ["tenant_id", "id"], unique=False)
    op.create_index("access_event_at_idx", "access_event", ["tenant_id", "at", "id"], unique=False)
    op.create_table(
        "agreement",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("retention_years", sa.SmallInteger(), nullable=False),
        sa.Column(
            "instructor_terms",
            sa.Text(),
            nullable=True,
            comment="the version instructors must accept before a first roster",
        ),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(instructor_terms) <= 100", name=op.f("agreement_instructor_terms_check")),
        sa.CheckConstraint("retention_years IN (1, 2, 7)", name=op.f("agreement_retention_years_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="agreement_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("agreement_pkey")),
        comment="What the platform and a tenant agreed on; the highest version is in force.",
    )
    op.create_table(
        "course",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True, comment="the course's key in the data set it came from"),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "presentation", sa.Text(collation="C"), nullable=True, comment="which run of the course, such as 2014J"
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("length_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("char_length(code) <= 40", name=op.f("course_code_check")),
        sa.CheckConstraint("char_length(description) <= 10000", name=op.f("course_description_check")),
        sa.CheckConstraint("char_length(external_id) <= 100", name=op.f("course_external_id_check")),
        sa.CheckConstraint("char_length(presentation) <= 40", name=op.f("course_presentation_check")),
        sa.CheckConstraint("char_length(title) <= 200", name=op.f("course_title_check")),
        sa.CheckConstraint("length_days >= 0 AND length_days <= 3660", name=op.f("course_length_days_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="course_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("course_pkey")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("course_tenant_id_external_id_key")),
        comment="A course, in one presentation.",
    )
    op.create_index("course_code_idx", "course", ["tenant_id", "code", "id"], unique=False)
    op.create_index("course_starts_on_idx", "course", ["tenant_id", "starts_on", "id"], unique=False)
    op.create_index("course_title_idx", "course", ["tenant_id", "title", "id"], unique=False)
    op.create_table(
        "person",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True, comment="the person's key in the data set they came from"),
        sa.Column("name", sa.Text(collation="C"), nullable=True),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True, comment="normalised: trimmed, lower case"),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True, comment="BCP 47"),
        sa.Column("learning_goals", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("age_band", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("disability", sa.Boolean(), nullable=True),
        sa.Column("deprivation_band", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "minor",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="kept from the birth date; unknown: true",
        ),
        sa.Column(
            "restricted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="asked to restrict processing",
        ),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ip", sa.Text(), nullable=True),
        sa.Column("last_device", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(age_band) <= 20", name=op.f("person_age_band_check")),
        sa.CheckConstraint("char_length(deprivation_band) <= 20", name=op.f("person_deprivation_band_check")),
        sa.CheckConstraint("char_length(education) <= 200", name=op.f("person_education_check")),
        sa.CheckConstraint("char_length(email) <= 320 AND email = lower(email)", name=op.f("person_email_check")),
        sa.CheckConstraint("char_length(external_id) <= 100", name=op.f("person_external_id_check")),
        sa.CheckConstraint("char_length(gender) <= 40", name=op.f("person_gender_check")),
        sa.CheckConstraint("char_length(language) <= 35", name=op.f("person_language_check")),
        sa.CheckConstraint("char_length(last_device) <= 400", name=op.f("person_last_device_check")),
        sa.CheckConstraint("char_length(last_ip) <= 45", name=op.f("person_last_ip_check")),
        sa.CheckConstraint("char_length(learning_goals) <= 4000", name=op.f("person_learning_goals_check")),
        sa.CheckConstraint("char_length(location) <= 200", name=op.f("person_location_check")),
        sa.CheckConstraint("char_length(name) <= 200", name=op.f("person_name_check")),
        sa.CheckConstraint("char_length(phone) <= 40", name=op.f("person_phone_check")),
        sa.CheckConstraint("char_length(picture_url) <= 2000", name=op.f("person_picture_url_check")),
        sa.CheckConstraint("char_length(region) <= 100", name=op.f("person_region_check")),
        sa.CheckConstraint("char_length(title) <= 200", name=op.f("person_title_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="person_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("person_pkey")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("person_tenant_id_email_key")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("person_tenant_id_external_id_key")),
        comment="A person in a tenant. The same human in two tenants is two rows that know nothing of each other.",
    )
    op.create_index("person_last_seen_idx", "person", ["tenant_id", "last_seen_at", "id"], unique=False)
    op.create_index("person_name_idx", "person", ["tenant_id", "name", "id"], unique=False)
    op.create_table(
        "seat_pool",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("char_length(name) <= 200", name=op.f("seat_pool_name_check")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("seat_pool_dates_check")),
        sa.CheckConstraint("total >= 0 AND total <= 10000000", name=op.f("seat_pool_total_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="seat_pool_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("seat_pool_pkey")),
        comment="A number of seats that a tenant bought, for some courses and some time.",
    )
    op.create_table(
        "staff_case",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False, comment="the person in the platform's tenant"),
        sa.Column("staff_role", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('SUPPORT_CASE', 'SECURITY_REVIEW', 'PRIVACY_REQUEST', 'FRAUD_PREVENTION', 'LEGAL_REQUEST')",
            name=op.f("staff_case_purpose_check"),
        ),
        sa.CheckConstraint(
            "staff_role IN ('SUPPORT', 'SECURITY', 'PRIVACY')", name=op.f("staff_case_staff_role_check")
        ),
        sa.CheckConstraint("char_length(outcome) <= 2000", name=op.f("staff_case_outcome_check")),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 2000", name=op.f("staff_case_reason_check")),
        sa.CheckConstraint("char_length(ticket) BETWEEN 1 AND 100", name=op.f("staff_case_ticket_check")),
        sa.CheckConstraint("expires_at > opened_at", name=op.f("staff_case_expires_at_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="staff_case_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("staff_case_pkey")),
        comment="Why, and until when, a member of the platform's staff may touch this tenant.",
    )
    op.create_index("staff_case_staff_id_idx", "staff_case", ["tenant_id", "staff_id"], unique=False)
    op.create_table(
        "agreement_category",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.CheckConstraint("char_length(category) <= 40", name=op.f("agreement_category_category_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version"],
            ["agreement.tenant_id", "agreement.version"],
            name=op.f("agreement_category_tenant_id_version_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="agreement_category_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "version", "category", name=op.f("agreement_category_pkey")),
        comment="A category of data that an agreement covers.",
    )
    op.create_table(
        "agreement_grant",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.CheckConstraint("char_length(object) <= 120", name=op.f("agreement_grant_object_check")),
        sa.CheckConstraint("char_length(role) <= 40", name=op.f("agreement_grant_role_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version"],
            ["agreement.tenant_id", "agreement.version"],
            name=op.f("agreement_grant_tenant_id_version_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="agreement_grant_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "version", "role", "object", name=op.f("agreement_grant_pkey")),
        comment="A cell marked grantable in the policy that an agreement lets the tenant's admins allow.",
    )
    op.create_table(
        "assessment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True, comment="the assessment's key in the data set it came from"),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True, comment="days after the course's start"),
        sa.Column("weight", sa.Double(), nullable=False, comment="per cent of the course's mark"),
        sa.CheckConstraint("kind IN ('TUTOR_MARKED', 'COMPUTER_MARKED', 'EXAM')", name=op.f("assessment_kind_check")),
        sa.CheckConstraint("char_length(external_id) <= 100", name=op.f("assessment_external_id_check")),
        sa.CheckConstraint("due_day >= -3660 AND due_day <= 3660", name=op.f("assessment_due_day_check")),
        sa.CheckConstraint("weight >= 0 AND weight <= 100", name=op.f("assessment_weight_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("assessment_tenant_id_course_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="assessment_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("assessment_pkey")),
        sa.UniqueConstraint("tenant_id", "external_id", name=op.f("assessment_tenant_id_external_id_key")),
        comment="Something in a course that is marked.",
    )
    op.create_index("assessment_course_id_idx", "assessment", ["tenant_id", "course_id", "id"], unique=False)
    op.create_table(
        "enrollment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Double(), nullable=True, comment="0 to 1"),
        sa.Column("final_result", sa.Text(), nullable=True),
        sa.Column("previous_attempts", sa.Integer(), nullable=True),
        sa.Column("studied_credits", sa.Integer(), nullable=True),
        sa.Column("average_score", sa.Double(), nullable=True, comment="0 to 100"),
        sa.Column("watch_seconds", sa.Integer(), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "final_result IN ('DISTINCTION', 'PASS', 'FAIL', 'WITHDRAWN')", name=op.f("enrollment_final_result_check")
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'COMPLETED', 'WITHDRAWN')", name=op.f("enrollment_status_check")),
        sa.CheckConstraint("average_score >= 0 AND average_score <= 100", name=op.f("enrollment_average_score_check")),
        sa.CheckConstraint(
            "previous_attempts >= 0 AND previous_attempts <= 1000", name=op.f("enrollment_previous_attempts_check")
        ),
        sa.CheckConstraint("progress >= 0 AND progress <= 1", name=op.f("enrollment_progress_check")),
        sa.CheckConstraint(
            "studied_credits >= 0 AND studied_credits <= 10000", name=op.f("enrollment_studied_credits_check")
        ),
        sa.CheckConstraint(
            "watch_seconds >= 0 AND watch_seconds <= 2147483647", name=op.f("enrollment_watch_seconds_check")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("enrollment_tenant_id_course_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "learner_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("enrollment_tenant_id_learner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="enrollment_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("enrollment_pkey")),
        sa.UniqueConstraint(
            "tenant_id", "course_id", "learner_id", name=op.f("enrollment_tenant_id_course_id_learner_id_key")
        ),
        comment="That a person takes a course.",
    )
    op.create_index("enrollment_course_id_idx", "enrollment", ["tenant_id", "course_id", "id"], unique=False)
    op.create_index("enrollment_learner_id_idx", "enrollment", ["tenant_id", "learner_id", "course_id"], unique=False)
    op.create_table(
        "guardianship",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("guardian_id", sa.Uuid(), nullable=False),
        sa.Column("ward_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("guardian_id <> ward_id", name=op.f("guardianship_two_people_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "guardian_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("guardianship_tenant_id_guardian_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ward_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("guardianship_tenant_id_ward_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="guardianship_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("guardianship_pkey")),
        comment="That one person answers for another, a minor: invited, confirmed, withdrawn.",
    )
    op.create_index("guardianship_guardian_id_idx", "guardianship", ["tenant_id", "guardian_id"], unique=False)
    op.create_index(
        "guardianship_live_key",
        "guardianship",
        ["tenant_id", "ward_id", "guardian_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "membership",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("membership_tenant_id_person_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="membership_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name=op.f("membership_pkey")),
        comment="That a person is a member of the tenant, since when and until when.",
    )
    op.create_table(
        "seat",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True, comment="the address the invitation went to"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('INVITED', 'ACTIVE', 'REVOKED', 'EXPIRED')", name=op.f("seat_status_check")),
        sa.CheckConstraint("char_length(email) <= 320", name=op.f("seat_email_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("seat_tenant_id_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pool_id"], ["seat_pool.tenant_id", "seat_pool.id"], name=op.f("seat_tenant_id_pool_id_fkey")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="seat_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("seat_pkey")),
        comment="A seat of a pool that a person holds or held.",
    )
    op.create_index(
        "seat_live_key",
        "seat",
        ["tenant_id", "pool_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('INVITED', 'ACTIVE')"),
    )
    op.create_index("seat_person_id_idx", "seat", ["tenant_id", "person_id"], unique=False)
    op.create_index("seat_pool_id_idx", "seat", ["tenant_id", "pool_id", "id"], unique=False)
    op.create_table(
        "seat_pool_course",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("seat_pool_course_tenant_id_course_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pool_id"],
            ["seat_pool.tenant_id", "seat_pool.id"],
            name=op.f("seat_pool_course_tenant_id_pool_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="seat_pool_course_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "pool_id", "course_id", name=op.f("seat_pool_course_pkey")),
        comment="A course that a pool's seats open.",
    )
    op.create_index("seat_pool_course_course_id_idx", "seat_pool_course", ["tenant_id", "course_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="a member of this tenant"),
        sa.Column("case_id", sa.Uuid(), nullable=True, comment="or a staff member's case on it"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("expires_at > started_at", name=op.f("session_expires_at_check")),
        sa.CheckConstraint("num_nonnulls(person_id, case_id) = 1", name=op.f("session_one_bearer_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "case_id"],
            ["staff_case.tenant_id", "staff_case.id"],
            name=op.f("session_tenant_id_case_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["person.tenant_id", "person.id"], name=op.f("session_tenant_id_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="session_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("session_pkey")),
        comment="A signed-in session. Its row is read in every request's own transaction, so ending it ends it at once.",
    )
    op.create_index("session_case_id_idx", "session", ["tenant_id", "case_id"], unique=False)
    op.create_index("session_person_id_idx", "session", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "staff_case_subject",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "case_id"],
            ["staff_case.tenant_id", "staff_case.id"],
            name=op.f("staff_case_subject_tenant_id_case_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("staff_case_subject_tenant_id_person_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="staff_case_subject_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", "person_id", name=op.f("staff_case_subject_pkey")),
        comment="A person whom a case is about.",
    )
    op.create_index("staff_case_subject_person_id_idx", "staff_case_subject", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "teaching",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("teaching_tenant_id_course_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("teaching_tenant_id_person_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="teaching_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "course_id", "person_id", name=op.f("teaching_pkey")),
        comment="That a person teaches a course.",
    )
    op.create_index("teaching_person_id_idx", "teaching", ["tenant_id", "person_id", "course_id"], unique=False)
    op.create_table(
        "assessment_result",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column(
            "banked",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="carried over from an earlier attempt",
        ),
        sa.Column("score", sa.Double(), nullable=True, comment="0 to 100"),
        sa.CheckConstraint("score >= 0 AND score <= 100", name=op.f("assessment_result_score_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assessment_id"],
            ["assessment.tenant_id", "assessment.id"],
            name=op.f("assessment_result_tenant_id_assessment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enrollment_id"],
            ["enrollment.tenant_id", "enrollment.id"],
            name=op.f("assessment_result_tenant_id_enrollment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="assessment_result_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("assessment_result_pkey")),
        sa.UniqueConstraint(
            "tenant_id",
            "enrollment_id",
            "assessment_id",
            name=op.f("assessment_result_tenant_id_enrollment_id_assessment_id_key"),
        ),
        comment="What an enrolled person handed in for an assessment, and its mark.",
    )
    op.create_index(
        "assessment_result_assessment_id_idx", "assessment_result", ["tenant_id", "assessment_id"], unique=False
    )
    op.create_table(
        "role_grant",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True, comment="null: the installation itself"),
        sa.CheckConstraint(
            "role IN ('INSTRUCTOR', 'ENTERPRISE_ADMIN', 'SUPPORT', 'SECURITY', 'PRIVACY')",
            name=op.f("role_grant_role_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "granted_by"],
            ["person.tenant_id", "person.id"],
            name=op.f("role_grant_tenant_id_granted_by_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["membership.tenant_id", "membership.person_id"],
            name=op.f("role_grant_tenant_id_person_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="role_grant_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "role", name=op.f("role_grant_pkey")),
        comment="A role that a member was granted.",
    )
    op.create_index("role_grant_granted_by_idx", "role_grant", ["tenant_id", "granted_by"], unique=False)
