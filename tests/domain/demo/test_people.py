"""The people of a demo tenant, before a database is involved."""

from collections import Counter
from datetime import date

import pytest

from domain.courses.model import course
from domain.demo.kinds import MEMBERS, RESTRICTED, Kind, Who
from domain.demo.seed import Calendar, age_on, chance
from domain.demo.tenant import DEMO_TENANTS, DemoTenant
from domain.people.model import guardianship, person
from tests.domain.demo.conftest import TODAY, drawn

both = pytest.mark.parametrize("tenant", DEMO_TENANTS, ids=lambda tenant: tenant.slug)


@both
@pytest.mark.parametrize("today", [TODAY, date(2024, 2, 29), date(2026, 12, 31)])
def test_minor_follows_from_the_birth_date(tenant: DemoTenant, today: date) -> None:
    for row in drawn(tenant, today)[person]:
        born = row["birth_date"]
        assert row["minor"] == (born is None or age_on(today, born) < 18)


@both
def test_a_minor_stays_one_for_a_year(tenant: DemoTenant) -> None:
    later = date(2027, 3, 1)
    assert all(
        age_on(later, row["birth_date"]) < 18 for row in drawn(tenant)[person] if row["minor"] and row["birth_date"]
    )


def test_ages_count_whole_years() -> None:
    assert age_on(date(2026, 3, 1), date(2008, 3, 1)) == 18
    assert age_on(date(2026, 2, 28), date(2008, 3, 1)) == 17
    assert age_on(date(2026, 2, 28), date(2008, 2, 29)) == 17


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2024, 3, 1), date(2025, 12, 31), date(2028, 11, 20)])
def test_a_drawn_birth_date_has_the_age_asked_for(today: date) -> None:
    for age in range(12, 70):
        assert age_on(today, Calendar(today).birth_date(age, chance("age", age))) == age


@both
def test_addresses_are_ascii_lower_case_and_nobodys_elsewhere(tenant: DemoTenant) -> None:
    emails = [row["email"] for row in drawn(tenant)[person] if row["email"]]
    assert len(emails) == len(set(emails)) > 280
    for email in emails:
        assert email.isascii()
        assert email == email.lower()
        mailbox, _, domain = email.partition("@")
        assert all(part.isalnum() for part in mailbox.split("."))
        assert domain in {"mail.example", f"{tenant.slug}.example"}


@both
def test_names_come_from_several_languages(tenant: DemoTenant) -> None:
    people = drawn(tenant)[person]
    assert len({row["language"] for row in people if row["language"]}) == 12
    names = [row["name"] for row in people if row["name"]]
    assert len(names) > 280
    assert any(not name.isascii() for name in names)


@both
def test_some_have_gaps_and_the_cast_has_none(tenant: DemoTenant) -> None:
    people = drawn(tenant)[person]
    cast = {Who(kind).id(tenant.slug) for kind in MEMBERS}
    complete = {row["id"] for row in people if None not in row.values()}
    assert cast <= complete
    for column in ("name", "phone", "title", "last_seen_at", "last_ip", "disability", "email"):
        assert 1 <= sum(row[column] is None for row in people) <= 60


@both
def test_three_are_restricted_and_none_of_the_cast(tenant: DemoTenant) -> None:
    restricted = {row["id"] for row in drawn(tenant)[person] if row["restricted"]}
    assert restricted == {who.id(tenant.slug) for who in RESTRICTED}
    assert len(restricted) == 3
    assert not any(who.is_cast for who in RESTRICTED)


@both
def test_guardianships_are_of_every_stage(tenant: DemoTenant) -> None:
    content = drawn(tenant)
    minor = {row["id"]: row["minor"] for row in content[person]}
    rows = content[guardianship]
    assert all(minor[row["ward_id"]] and not minor[row["guardian_id"]] for row in rows)
    assert sum(row["confirmed_at"] is None for row in rows) == 1
    assert sum(row["withdrawn_at"] is not None for row in rows) == 1
    live = [row for row in rows if row["confirmed_at"] and not row["withdrawn_at"]]
    assert set(Counter(row["ward_id"] for row in live).values()) == {1, 2}
    assert sorted(Counter(row["guardian_id"] for row in live).values())[-2:] == [1, 2]


def test_the_two_tenants_share_an_address_and_nothing_else() -> None:
    northwind, riverside = map(drawn, DEMO_TENANTS)
    learner = next(row for row in northwind[person] if row["id"] == Who(Kind.LEARNER).id("northwind"))
    shared = {row["email"] for row in northwind[person]} & {row["email"] for row in riverside[person]} - {None}
    assert shared == {learner["email"]}
    ids = [
        {row["id"] for rows in content.values() for row in rows if "id" in row} for content in (northwind, riverside)
    ]
    assert not ids[0] & ids[1]
    names = [{row["name"] for row in content[person]} - {None} for content in (northwind, riverside)]
    assert len(names[0] & names[1]) < 5
    assert set(northwind) == set(riverside)
    titles = [{row["title"] for row in content[course]} for content in (northwind, riverside)]
    assert not titles[0] & titles[1]
