"""Hidden rows that vanish, and others that appear: people with all that is theirs, enrolments, results, seats."""

from typing import Any
from uuid import UUID

from tests.noninterference.hidden import Hidden, without
from tests.noninterference.tables import COLUMNS, Row, full
from tests.noninterference.values import NOON, key, value
from tests.oracle.world import LIVE


def lose_people(hidden: Hidden) -> None:
    """Take hidden people out, with everything that points at them."""
    tables, gone = hidden.tables, {row["id"] for row in hidden.some(hidden.people())}
    enrolled = {row["id"] for row in tables["enrollment"] if row["learner_id"] in gone}
    without(tables, "assessment_result", "enrollment_id", enrolled)
    for table, column in _POINTING:
        without(tables, table, column, gone)
    for row in tables["role_grant"]:
        row["granted_by"] = None if row["granted_by"] in gone else row["granted_by"]
    without(tables, "person", "id", gone)


def gain_people(hidden: Hidden) -> None:
    """Add people whom the viewer does not meet, with enrolments."""
    for _ in range(hidden.rng.randint(1, 4)):
        _new_person(hidden)


def replace_people(hidden: Hidden) -> None:
    """Let new people take the place of hidden ones; as many seats of each pool are held as before."""
    before = hidden.tables["seat"]
    lose_people(hidden)
    for row in before:
        if row not in hidden.tables["seat"]:
            new(hidden, "seat", pool_id=row["pool_id"], person_id=_new_person(hidden), status=row["status"])


def lose_enrollments(hidden: Hidden) -> None:
    """Take hidden enrolments out, but for those that tell the viewer whom they teach."""
    found = [row for row in hidden.rows("enrollment") if row["course_id"] not in hidden.taught]
    gone = {row["id"] for row in hidden.some(found)}
    without(hidden.tables, "assessment_result", "enrollment_id", gone)
    without(hidden.tables, "enrollment", "id", gone)


def gain_enrollments(hidden: Hidden) -> None:
    """Enrol people whose enrolments the viewer does not see."""
    unseen = [
        row["id"] for row in hidden.tables["person"] if not hidden.sight.reads("Learner", row["id"], "enrollments")
    ]
    for one in hidden.some(unseen, 0.4):
        _enroll(hidden, one)


def lose_results(hidden: Hidden) -> None:
    """Take hidden results out."""
    gone = {row["id"] for row in hidden.some(hidden.rows("assessment_result"))}
    without(hidden.tables, "assessment_result", "id", gone)


def replace_seats(hidden: Hidden) -> None:
    """Let hidden seats be held by other people whom the viewer does not see; each pool holds as many as before."""
    found = hidden.some(hidden.rows("seat"))
    without(hidden.tables, "seat", "id", {row["id"] for row in found})
    people = [row["id"] for row in hidden.tables["person"] if not hidden.sight.sees("Learner", row["id"])]
    for row in found:
        free = [one for one in people if not _holds(hidden, one, row["pool_id"])]
        if free:
            new(hidden, "seat", pool_id=row["pool_id"], person_id=hidden.rng.choice(free), status=row["status"])
        else:
            hidden.tables["seat"].append(row)


def change_pools(hidden: Hidden) -> None:
    """Give hidden pools other days and other seats, and add a pool."""
    for pool in hidden.rows("seat_pool"):
        pool["starts_on"] = pool["ends_on"] = value("seat_pool", "starts_on", hidden.rng)
        _draw_seats(hidden, pool["id"])
    _draw_seats(hidden, new(hidden, "seat_pool", starts_on=NOON.date(), ends_on=NOON.date())["id"])


def change_others(hidden: Hidden) -> None:
    """Change what others were granted, their sessions and the staff's other cases."""
    tables, rng = hidden.tables, hidden.rng
    kept = {"person_id": hidden.viewer_id}
    gone = hidden.some([row["person_id"] for row in tables["role_grant"] if row["person_id"] != kept["person_id"]])
    without(tables, "role_grant", "person_id", set(gone))
    for row in hidden.some([row for row in tables["membership"] if row["person_id"] != hidden.viewer_id], 0.3):
        if all(row["person_id"] != grant["person_id"] for grant in tables["role_grant"]):
            new(hidden, "role_grant", person_id=row["person_id"], role=rng.choice(("INSTRUCTOR", "ENTERPRISE_ADMIN")))
    for row in tables["session"]:
        if hidden.viewer_id != row["person_id"] and (row["case_id"] is None or row["case_id"] != hidden.case_id):
            row["ended_at"] = rng.choice((None, NOON))
    for row in tables["staff_case"]:
        if row["id"] != hidden.case_id:
            row |= {"closed_at": rng.choice((None, NOON)), "staff_id": key(rng)}
            without(tables, "staff_case_subject", "case_id", {row["id"]})


def new(hidden: Hidden, table: str, **given: Any) -> Row:
    """Add a row with what is given and other values for the rest."""
    row = full(table, hidden.tables["tenant"][0]["tenant_id"])
    for column in COLUMNS[table]:
        if column.name == "id":
            row["id"] = key(hidden.rng)
        elif column.name not in ("tenant_id", "granted_by"):
            row[column.name] = value(table, column.name, hidden.rng)
    row |= given
    hidden.tables[table].append(row)
    return row


def _new_person(hidden: Hidden) -> UUID:
    flags = {"minor": hidden.rng.random() < 0.5, "restricted": hidden.rng.random() < 0.3}
    person_id: UUID = new(hidden, "person", **flags)["id"]
    if hidden.rng.random() < 0.5:
        new(hidden, "membership", person_id=person_id, left_at=None)
    _enroll(hidden, person_id)
    return person_id


_POINTING = (
    ("membership", "person_id"), ("role_grant", "person_id"), ("guardianship", "guardian_id"),
    ("guardianship", "ward_id"), ("teaching", "person_id"), ("enrollment", "learner_id"), ("seat", "person_id"),
    ("staff_case_subject", "person_id"), ("session", "person_id"),
)  # fmt: skip


def _enroll(hidden: Hidden, person_id: UUID) -> None:
    taken = {row["course_id"] for row in hidden.tables["enrollment"] if row["learner_id"] == person_id}
    for course in hidden.some([row["id"] for row in hidden.tables["course"]]):
        if course in taken | hidden.taught:
            continue
        enrolled = new(hidden, "enrollment", course_id=course, learner_id=person_id)
        for row in hidden.tables["assessment"]:
            if row["course_id"] == course:
                new(hidden, "assessment_result", enrollment_id=enrolled["id"], assessment_id=row["id"])


def _draw_seats(hidden: Hidden, pool_id: UUID) -> None:
    """Give the pool other seats, of people whom the viewer does not see."""
    without(hidden.tables, "seat", "pool_id", {pool_id})
    for row in hidden.some(hidden.people()):
        new(hidden, "seat", pool_id=pool_id, person_id=row["id"])


def _holds(hidden: Hidden, person_id: UUID, pool_id: UUID) -> bool:
    return any(
        (row["person_id"], row["pool_id"]) == (person_id, pool_id) and row["status"] in LIVE
        for row in hidden.tables["seat"]
    )
