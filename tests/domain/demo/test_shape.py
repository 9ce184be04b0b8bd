"""The size of a demo tenant, its courses, enrolments and seats, before a database is involved."""

from collections import Counter
from datetime import UTC, date, datetime
from statistics import fmean
from typing import Any

import pytest

from domain.courses.model import assessment, course, teaching
from domain.demo.tenant import DEMO_TENANTS, DemoTenant
from domain.enrollments.model import EnrollmentStatus, FinalResult, assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import SeatStatus, seat, seat_pool, seat_pool_course
from tests.domain.demo.conftest import TODAY, drawn

both = pytest.mark.parametrize("tenant", DEMO_TENANTS, ids=lambda tenant: tenant.slug)


@both
def test_the_shape_is_that_of_a_school(tenant: DemoTenant) -> None:
    rows = {table: len(rows) for table, rows in drawn(tenant).items()}
    assert 280 <= rows[person] == rows[membership] <= 320
    assert Counter(row["role"] for row in drawn(tenant)[role_grant]) == {"INSTRUCTOR": 8, "ENTERPRISE_ADMIN": 2}
    assert rows[course] == 12
    assert rows[seat_pool] == 2
    assert 800 <= rows[enrollment] <= 1000
    assert 40 <= sum(row["minor"] for row in drawn(tenant)[person]) <= 50


@both
def test_courses_are_complete_and_weights_sum_to_100(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    runs = {(row["code"], row["presentation"]) for row in content[course]}
    assert len(runs) == 12
    assert len({code for code, _ in runs}) == 8
    assert all(row["description"] and row["starts_on"] for row in content[course])
    for row in content[course]:
        marked = [each for each in content[assessment] if each["course_id"] == row["id"]]
        assert 3 <= len(marked) <= 6
        assert sum(each["weight"] for each in marked) == 100
        assert all(0 < each["due_day"] <= row["length_days"] and each["weight"] > 0 for each in marked)
    assert {row["course_id"] for row in content[teaching]} == {row["id"] for row in content[course]}
    assert len({row["person_id"] for row in content[teaching]}) == 8


@both
def test_an_average_is_the_mean_of_the_results(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    scores: dict[Any, list[float]] = {row["id"]: [] for row in content[enrollment]}
    for result in content[assessment_result]:
        if result["score"] is not None:
            scores[result["enrollment_id"]].append(result["score"])
    for row in content[enrollment]:
        mine = scores[row["id"]]
        assert row["average_score"] == (pytest.approx(fmean(mine)) if mine else None)
        assert row["progress"] is None or 0 <= row["progress"] <= 1


@both
def test_results_are_of_the_enrolments_own_course(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    of_enrollment = {row["id"]: row["course_id"] for row in content[enrollment]}
    of_assessment = {row["id"]: row["course_id"] for row in content[assessment]}
    for result in content[assessment_result]:
        assert of_enrollment[result["enrollment_id"]] == of_assessment[result["assessment_id"]]


@both
def test_enrolments_are_of_every_status_and_result(tenant: DemoTenant) -> None:
    rows = drawn(tenant)[enrollment]
    assert {row["status"] for row in rows} == set(EnrollmentStatus)
    assert {row["final_result"] for row in rows} == {None, *FinalResult}
    for row in rows:
        status = row["status"]
        assert (row["completed_at"] is not None) == (status is EnrollmentStatus.COMPLETED)
        assert (row["withdrawn_at"] is not None) == (status is EnrollmentStatus.WITHDRAWN)
        assert (row["final_result"] is None) == (status is EnrollmentStatus.ACTIVE)
        assert (row["final_result"] is FinalResult.WITHDRAWN) == (status is EnrollmentStatus.WITHDRAWN)


@both
def test_nothing_that_has_happened_lies_ahead(tenant: DemoTenant) -> None:
    ahead = {"starts_on", "ends_on"}
    tomorrow = datetime.combine(date(2026, 3, 2), datetime.min.time(), UTC)
    for rows in drawn(tenant).values():
        for row in rows:
            for name, value in row.items():
                if isinstance(value, datetime):
                    assert value < tomorrow
                elif isinstance(value, date) and name not in ahead:
                    assert value <= TODAY


@both
def test_what_follows_is_later(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    pairs = {
        enrollment: [("enrolled_at", "last_activity_at"), ("last_activity_at", "completed_at")],
        guardianship: [("invited_at", "confirmed_at"), ("confirmed_at", "withdrawn_at")],
        seat: [("assigned_at", "accepted_at"), ("accepted_at", "last_used_at"), ("last_used_at", "revoked_at")],
        seat_pool: [("starts_on", "ends_on")],
    }
    pairs[enrollment].append(("last_activity_at", "withdrawn_at"))
    for table, orders in pairs.items():
        for row in content[table]:
            assert all(not (row[first] and row[then]) or row[first] < row[then] for first, then in orders)


@both
def test_seats_are_of_every_status_and_fit_their_pools(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    live = [row for row in content[seat] if row["status"] in {SeatStatus.INVITED, SeatStatus.ACTIVE}]
    assert {row["status"] for row in content[seat]} == set(SeatStatus)
    for pool in content[seat_pool]:
        held = [row["person_id"] for row in live if row["pool_id"] == pool["id"]]
        assert 10 <= len(held) == len(set(held)) < pool["total"]
    assert {row["course_id"] for row in content[seat_pool_course]} == {row["id"] for row in content[course]}
    holders = {row["person_id"] for row in live}
    assert 240 <= len(holders) < len(content[person])
