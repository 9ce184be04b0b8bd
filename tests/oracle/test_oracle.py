"""Answers known by hand: who reads what of whom, as the promises to people say it."""

from uuid import UUID

import pytest

from tests.oracle.arguments import encode
from tests.oracle.contract import personal_fields
from tests.oracle.small import (
    ADA,
    ADA_ART,
    ADA_MATH,
    ADA_RESULT,
    ADA_SEAT,
    BEN,
    BEN_MATH,
    EVE,
    FRAUD_MIA,
    GUS,
    GUS_SEAT,
    HAL,
    IVY,
    KID,
    LEA,
    LEA_MATH,
    MATH,
    MIA,
    MIA_MATH,
    MIA_SEAT,
    NOW,
    ORA,
    POOL,
    PRIVACY,
    SECURITY,
    SUPPORT_MIA,
    ask,
    learner,
    read,
    reasons,
    viewer,
)

NO_RELATION = ("NO_RELATION", "NO_RELATION")
NOT_IN_ROLE = ("NOT_IN_ROLE", "NOT_IN_ROLE")
PROTECTED = ("MINOR_PROTECTED", "MINOR_PROTECTED")
RESTRICTED = ("RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE")
OTHER_PURPOSE = ("PURPOSE_NOT_ALLOWED", "PURPOSE_NOT_ALLOWED")

SCALARS = "id name pictureUrl email phone title education location language learningGoals gender ageBand region "
SCALARS += "disability deprivationBand minor lastSeenAt lastIp lastDevice"


@pytest.mark.parametrize(
    ("who", "roles"),
    [
        (ADA, "LEARNER"),
        (MIA, "MINOR WARD"),
        (GUS, "LEARNER GUARDIAN"),
        (HAL, "LEARNER"),
        (IVY, "LEARNER INSTRUCTOR"),
        (EVE, "LEARNER ENTERPRISE_ADMIN SEAT_MANAGER"),
        (SUPPORT_MIA, "SUPPORT"),
    ],
)
def test_roles_follow_from_grants_and_relations(who: UUID, roles: str) -> None:
    assert viewer(who).roles == tuple(roles.split())


@pytest.mark.parametrize(("who", "about"), [(ADA, ADA), (MIA, MIA), (BEN, BEN), (GUS, MIA), (GUS, KID), (PRIVACY, BEN)])
def test_oneself_a_guardian_and_privacy_staff_read_everything(who: UUID, about: UUID) -> None:
    found = ask(who, f"{{ learner(id: {learner(about)}) {{ {SCALARS} }} }}")
    assert found.errors == []
    assert found.disclosures == {(f"Learner.{name}", about) for name in SCALARS.split()}
    assert found.denials == set()
    assert found.data is not None
    assert found.data["learner"]["email"] == read(about, about, "email")["email"]  # type: ignore[index] # it is there


@pytest.mark.parametrize(
    ("who", "about"),
    [(ADA, MIA), (ORA, MIA), (HAL, MIA), (MIA, HAL), (GUS, ADA), (SUPPORT_MIA, ADA), (EVE, LEA), (MIA, IVY)],
)
def test_who_meets_somebody_in_no_capacity_does_not_see_that_they_exist(who: UUID, about: UUID) -> None:
    found = ask(who, f"{{ learner(id: {learner(about)}) {{ id name }} node(id: {learner(about)}) {{ id }} }}")
    assert found.data == {"learner": None, "node": None}
    assert (found.errors, found.disclosures, found.denials) == ([], set(), set())


def test_a_missing_id_and_one_of_another_type_are_null_without_an_error() -> None:
    nobody, course = encode("Learner", UUID(int=77)), encode("Course", MATH)
    found = ask(PRIVACY, f'{{ a: learner(id: "{nobody}") {{ id }} b: learner(id: "{course}") {{ id }} }}')
    assert (found.data, found.errors) == ({"a": None, "b": None}, [])


def test_an_instructor_reads_of_an_adult_who_they_are_and_nothing_that_reaches_them() -> None:
    assert read(IVY, ADA, "name pictureUrl title education minor") == {
        "name": "Ada",
        "pictureUrl": "Ada's picture_url",
        "title": "Ada's title",
        "education": "Ada's education",
        "minor": False,
    }
    denied = reasons(IVY, ADA, "email phone location gender lastSeenAt guardians { id }")
    assert denied == dict.fromkeys(("email", "phone", "location", "gender", "lastSeenAt", "guardians"), NO_RELATION)


def test_an_instructor_reads_of_a_minor_the_name_and_is_told_why_not_more() -> None:
    assert read(IVY, MIA, "name minor") == {"name": "Mia", "minor": True}
    denied = reasons(IVY, MIA, "pictureUrl title education email")
    # Of an adult an instructor reads the first three. The email address is no instructor's; LEARNER would read it.
    assert denied == dict.fromkeys(("pictureUrl", "title", "education"), PROTECTED) | {"email": NO_RELATION}


def test_a_restricted_person_is_an_id_to_everybody_else_and_nobody_is_told() -> None:
    for who in (IVY, EVE, SECURITY):
        assert read(who, BEN, "id") == {"id": encode("Learner", BEN)}
        assert reasons(who, BEN, "name") == {"name": RESTRICTED}
    assert reasons(IVY, BEN, "enrollments { nodes { id } }") == {"enrollments": RESTRICTED}
    assert reasons(EVE, KID, "name email") == {"name": RESTRICTED, "email": ("NO_RELATION", "NOT_IN_ROLE")}


def test_a_restricted_persons_enrolment_and_seat_do_not_exist() -> None:
    ids = [encode("Enrollment", BEN_MATH), encode("Seat", GUS_SEAT)]
    found = ask(IVY, f'{{ nodes(ids: ["{ids[0]}", "{ids[1]}"]) {{ id }} }}')
    assert (found.data, found.errors) == ({"nodes": [None, None]}, [])


def test_an_instructor_of_another_course_sees_the_person_and_only_the_enrolment_in_their_own() -> None:
    assert read(ORA, ADA, "enrollments { nodes { id } }") == {
        "enrollments": {"nodes": [{"id": encode("Enrollment", ADA_ART)}]}
    }
    found = ask(ORA, f'{{ node(id: "{encode("Enrollment", ADA_MATH)}") {{ id }} }}')
    assert found.data == {"node": None}


def test_an_instructor_sees_the_last_activity_of_adults_only() -> None:
    found = ask(
        IVY, f'{{ course(id: "{encode("Course", MATH)}") {{ enrollments {{ nodes {{ id lastActivityAt }} }} }} }}'
    )
    assert found.data is not None
    assert found.data["course"]["enrollments"]["nodes"] == [
        {"id": encode("Enrollment", ADA_MATH), "lastActivityAt": NOW.isoformat()},
        {"id": encode("Enrollment", MIA_MATH), "lastActivityAt": None},
        {"id": encode("Enrollment", LEA_MATH), "lastActivityAt": NOW.isoformat()},
    ]
    assert found.denials == {("Enrollment.lastActivityAt", "MINOR_PROTECTED", MIA)}


def test_a_ward_reads_the_name_of_their_guardian() -> None:
    assert read(MIA, GUS, "id name pictureUrl") == {
        "id": encode("Learner", GUS),
        "name": "Gus",
        "pictureUrl": "Gus's picture_url",
    }
    assert reasons(MIA, GUS, "email") == {"email": NO_RELATION}
    assert read(MIA, MIA, "guardians { name }") == {"guardians": [{"name": "Gus"}]}


def test_an_enterprise_admin_writes_to_adults_and_not_to_minors() -> None:
    assert read(EVE, ADA, "name email title") == {"name": "Ada", "email": "ada@example.org", "title": "Ada's title"}
    assert read(EVE, MIA, "name pictureUrl") == {"name": "Mia", "pictureUrl": "Mia's picture_url"}
    denied = reasons(EVE, MIA, "email title phone")
    # The phone number is no enterprise admin's; LEARNER would read it.
    assert denied == {"email": PROTECTED, "title": PROTECTED, "phone": NO_RELATION}


def test_a_seat_manager_sees_learning_where_there_is_a_live_seat() -> None:
    fields = "enrollments { nodes { status progress finalResult averageScore results { nodes { id } } } }"
    found = ask(
        EVE, f"{{ a: learner(id: {learner(ADA)}) {{ {fields} }} m: learner(id: {learner(MIA)}) {{ {fields} }} }}"
    )
    assert found.data is not None
    nodes = found.data["a"]["enrollments"]["nodes"] + found.data["m"]["enrollments"]["nodes"]
    assert [(node["status"], node["progress"]) for node in nodes] == [
        ("ACTIVE", 0.5),
        ("COMPLETED", 1.0),
        ("ACTIVE", None),
    ]
    assert all(node["averageScore"] is None and node["results"] is None for node in nodes)
    assert ("Enrollment.progress", "MINOR_PROTECTED", MIA) in found.denials
    assert ("Enrollment.averageScore", "NO_RELATION", ADA) in found.denials


def test_without_a_live_seat_learning_is_nobodys_business() -> None:
    assert reasons(EVE, GUS, "enrollments { nodes { id } }") == {"enrollments": NO_RELATION}


def test_seats_are_seen_by_who_manages_them_and_addresses_only_of_adults() -> None:
    found = ask(
        EVE, "{ tenant { seatPools { nodes { assigned available seats { nodes { id email lastUsedAt } } } } } }"
    )
    assert found.data is not None
    (pool,) = found.data["tenant"]["seatPools"]["nodes"]
    # Ben is restricted, and Gus holds no live seat: their seats do not exist, and yet count as what they are.
    assert (pool["assigned"], pool["available"]) == (3, 1)
    assert pool["seats"]["nodes"] == [
        {"id": encode("Seat", ADA_SEAT), "email": "seat300@example.org", "lastUsedAt": NOW.isoformat()},
        {"id": encode("Seat", MIA_SEAT), "email": None, "lastUsedAt": None},
    ]
    assert {field for field, reason, subject in found.denials if (reason, subject) == ("MINOR_PROTECTED", MIA)} == {
        "Seat.email",
        "Seat.lastUsedAt",
    }


def test_support_sees_whom_the_case_names_and_their_guardian() -> None:
    assert read(SUPPORT_MIA, MIA, "name minor guardians { name email lastDevice }") == {
        "name": "Mia",
        "minor": True,
        "guardians": [{"name": "Gus", "email": "gus@example.org", "lastDevice": "Gus's last_device"}],
    }
    assert reasons(SUPPORT_MIA, MIA, "email lastDevice gender lastIp") == {
        "email": PROTECTED,
        "lastDevice": PROTECTED,
        "gender": NOT_IN_ROLE,
        "lastIp": OTHER_PURPOSE,
    }
    found = ask(SUPPORT_MIA, "{ learners { nodes { id } } }")
    assert found.data == {"learners": {"nodes": [{"id": encode("Learner", key)} for key in (MIA, GUS)]}}


def test_against_fraud_support_reads_the_address_of_a_minor_too() -> None:
    assert read(FRAUD_MIA, MIA, "lastIp lastDevice") == {"lastIp": "Mia's last_ip", "lastDevice": "Mia's last_device"}


def test_security_reads_who_and_from_where_and_nothing_of_learning() -> None:
    assert read(SECURITY, MIA, "name lastIp") == {"name": "Mia", "lastIp": "Mia's last_ip"}
    denied = reasons(SECURITY, ADA, "email minor enrollments { nodes { id } }")
    assert denied == dict.fromkeys(("email", "minor", "enrollments"), NOT_IN_ROLE)
    found = ask(SECURITY, f'{{ course(id: "{encode("Course", MATH)}") {{ title enrollments {{ nodes {{ id }} }} }} }}')
    assert found.data == {"course": {"title": "Math", "enrollments": {"nodes": []}}}


def test_privacy_staff_find_who_has_left() -> None:
    assert read(PRIVACY, LEA, "name") == {"name": "Lea"}
    found = ask(PRIVACY, "{ learners { nodes { name } } }")
    assert found.data is not None
    assert "Lea" not in {node["name"] for node in found.data["learners"]["nodes"]}


def test_a_published_profile_is_everybodys() -> None:
    found = ask(MIA, f'{{ course(id: "{encode("Course", MATH)}") {{ instructors {{ id name }} }} }}')
    assert found.data == {"course": {"instructors": [{"id": encode("Instructor", IVY), "name": "Ivy"}]}}
    assert found.disclosures == {("Instructor.id", IVY), ("Instructor.name", IVY)}
    nobody = ask(MIA, f'{{ node(id: "{encode("Instructor", ADA)}") {{ id }} }}')
    assert nobody.data == {"node": None}


def test_pools_are_hidden_from_a_learner_but_for_the_pool_of_their_own_seat() -> None:
    seat, pool = encode("Seat", ADA_SEAT), encode("SeatPool", POOL)
    document = f'{{ tenant {{ seatPools {{ nodes {{ id }} }} }} node(id: "{pool}") {{ id }} s: node(id: "{seat}") {{ '
    found = ask(ADA, document + "... on Seat { status pool { id total assigned } } } }")
    assert found.data == {
        "tenant": {"seatPools": None},
        "node": None,
        "s": {"status": "ACTIVE", "pool": {"id": pool, "total": 4, "assigned": 3}},
    }
    (error,) = found.errors
    assert (error["path"], error["extensions"]["reason"]) == (["tenant", "seatPools"], "NOT_IN_ROLE")
    assert found.disclosures == {("Seat.status", ADA)}
    assert found.denials == set()


def test_a_result_exists_where_the_enrolments_results_are_readable() -> None:
    document = f'{{ node(id: "{encode("AssessmentResult", ADA_RESULT)}") {{ ... on AssessmentResult {{ score }} }} }}'
    assert ask(IVY, document).data == {"node": {"score": 71.5}}
    assert ask(EVE, document).data == {"node": None}
    assert ask(ORA, document).data == {"node": None}


def test_a_viewer_is_told_beforehand_what_they_read_and_why_not() -> None:
    found = read(IVY, MIA, "viewerAccess { field readable reason }")
    assert found is not None
    told = {entry["field"].removeprefix("Learner."): entry["reason"] for entry in found["viewerAccess"]}
    assert list(told) == personal_fields("Learner")
    assert {name for name, reason in told.items() if reason is None} == {"id", "name", "minor", "enrollments"}
    assert {name for name, reason in told.items() if reason == "MINOR_PROTECTED"} == {
        "pictureUrl",
        "title",
        "education",
    }


def test_staff_are_no_learners_and_a_viewer_teaches_and_guards() -> None:
    assert ask(SECURITY, "{ viewer { learner { id } roles } }").data == {
        "viewer": {"learner": None, "roles": ["SECURITY"]}
    }
    found = ask(GUS, "{ viewer { wards { nodes { name } } teaches { nodes { code } } } }")
    assert found.data == {"viewer": {"wards": {"nodes": [{"name": "Mia"}, {"name": "Kid"}]}, "teaches": {"nodes": []}}}
