"""Sessions: what ends one ends it with the next request, and in which roles somebody asks."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import httpx2
import pytest

from api.ids import encode_id
from domain.accounts.model import session as sessions
from domain.cases.model import staff_case
from domain.people.model import guardianship, membership, person, role_grant
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, in_tenant
from tests.api.people import People, ago

VIEWER = {"query": "{ viewer { id roles tenant { id slug name } } }"}


async def ask(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post("/graphql", json=VIEWER, headers={"authorization": f"Bearer {token}"})


async def roles(client: httpx2.AsyncClient, token: str) -> Sequence[str]:
    answer = await ask(client, token)
    assert answer.status_code == 200, answer.text
    found: Sequence[str] = answer.json()["data"]["viewer"]["roles"]
    return found


async def refused(client: httpx2.AsyncClient, token: str) -> bool:
    answer = await ask(client, token)
    assert answer.status_code in (200, 401), answer.text
    if answer.status_code == 401:
        assert [error["extensions"] for error in answer.json()["errors"]] == [{"code": "UNAUTHENTICATED"}]
        assert "data" not in answer.json()
    return answer.status_code == 401


async def test_the_viewer_is_who_signed_in(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member()
    answer = await ask(served, await people.sign_in(person_id))
    found = answer.json()
    assert found["data"]["viewer"]["tenant"].pop("slug").startswith("northwind-")
    assert found == {
        "data": {
            "viewer": {
                "id": encode_id("Viewer", person_id),
                "roles": ["LEARNER"],
                "tenant": {"id": encode_id("Tenant", people.tenant_id), "name": "Northwind Academy"},
            }
        }
    }


End = Callable[[People, UUID, UUID], Awaitable[None]]


async def end_session(people: People, _person: UUID, session: UUID) -> None:
    await people.change(sessions, session, ended_at=ago(seconds=1))


async def end_session_later(people: People, _person: UUID, session: UUID) -> None:
    # Any end counts: nobody sets one for later.
    await people.change(sessions, session, ended_at=ago(seconds=-60))


async def expire(people: People, _person: UUID, session: UUID) -> None:
    await people.change(sessions, session, expires_at=ago(seconds=1))


async def leave(people: People, who: UUID, _session: UUID) -> None:
    await people.change(membership, who, "person_id", left_at=ago(seconds=1))


@pytest.mark.parametrize("end", [end_session, end_session_later, expire, leave])
async def test_a_members_session_ends_with_the_next_request(
    served: httpx2.AsyncClient, people: People, end: End
) -> None:
    person_id = await people.member()
    session_id = await people.session(person_id=person_id)
    other = await people.sign_in(await people.member())
    token = people.token(person_id, session_id)
    assert not await refused(served, token)
    await end(people, person_id, session_id)
    assert await refused(served, token)
    assert not await refused(served, other)


async def close(people: People, case: UUID) -> None:
    await people.change(staff_case, case, closed_at=ago(seconds=1))


async def expire_case(people: People, case: UUID) -> None:
    await people.change(staff_case, case, expires_at=ago(seconds=1))


@pytest.mark.parametrize("end", [close, expire_case])
async def test_a_staff_session_ends_with_its_case(
    served: httpx2.AsyncClient, people: People, end: Callable[[People, UUID], Awaitable[None]]
) -> None:
    staff = uuid7()
    case = await people.case(staff)
    token = people.token(staff, await people.session(case_id=case))
    assert not await refused(served, token)
    await end(people, case)
    assert await refused(served, token)


async def test_an_unknown_session_is_none(served: httpx2.AsyncClient, people: People) -> None:
    assert await refused(served, people.token(await people.member(), uuid7()))


async def test_a_session_of_somebody_else_is_none(served: httpx2.AsyncClient, people: People) -> None:
    mine, theirs = await people.member(), await people.member()
    assert await refused(served, people.token(mine, await people.session(person_id=theirs)))


async def test_a_session_of_another_tenant_is_none(served: httpx2.AsyncClient, people: People) -> None:
    elsewhere = People(
        people.database, await ensure_tenant(people.database, f"riverside-{uuid7()}", "Riverside"), people.issuer
    )
    person_id = await elsewhere.member()
    session_id = await elsewhere.session(person_id=person_id)
    assert not await refused(served, elsewhere.token(person_id, session_id))
    assert await refused(served, people.token(person_id, session_id))
    # Nor when the same human is a member of both.
    await people.add(person, id=person_id)
    await people.add(membership, person_id=person_id)
    assert await refused(served, people.token(person_id, session_id))


async def test_a_tenant_that_does_not_exist_has_no_sessions(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member()
    session_id = await people.session(person_id=person_id)
    assert await refused(served, people.token(person_id, session_id, TenantId(uuid7())))


async def test_somebody_who_was_never_a_member_has_no_session(served: httpx2.AsyncClient, people: People) -> None:
    stranger = await people.add(person, minor=False)
    assert await refused(served, await people.sign_in(stranger))


async def test_a_member_who_leaves_tomorrow_is_one_today(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member()
    await people.change(membership, person_id, "person_id", left_at=ago(days=-1))
    assert not await refused(served, await people.sign_in(person_id))


async def test_a_case_counts_for_the_staff_member_who_opened_it_alone(
    served: httpx2.AsyncClient, people: People
) -> None:
    staff, colleague = uuid7(), uuid7()
    session_id = await people.session(case_id=await people.case(staff))
    assert await refused(served, people.token(colleague, session_id))
    assert not await refused(served, people.token(staff, session_id))


async def test_a_member_cannot_use_a_case_with_their_own_id(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member()
    session_id = await people.session(case_id=await people.case(uuid7()))
    assert await refused(served, people.token(person_id, session_id))


async def test_a_staff_member_cannot_use_a_members_session(served: httpx2.AsyncClient, people: People) -> None:
    staff = uuid7()
    await people.case(staff)
    session_id = await people.session(person_id=await people.member())
    assert await refused(served, people.token(staff, session_id))


async def test_an_adult_is_a_learner(served: httpx2.AsyncClient, people: People) -> None:
    assert await roles(served, await people.sign_in(await people.member())) == ["LEARNER"]


async def test_a_minor_is_a_minor_until_they_are_not(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member(minor=True)
    token = await people.sign_in(person_id)
    assert await roles(served, token) == ["MINOR"]
    await people.change(person, person_id, minor=False)
    assert await roles(served, token) == ["LEARNER"]


async def test_whose_age_is_unknown_is_a_minor(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.add(person)
    await people.add(membership, person_id=person_id)
    assert await roles(served, await people.sign_in(person_id)) == ["MINOR"]


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({}, True),
        ({"confirmed_at": None}, False),
        ({"withdrawn_at": ago(seconds=1)}, False),
        ({"confirmed_at": None, "withdrawn_at": ago(seconds=1)}, False),
    ],
    ids=["live", "unconfirmed", "withdrawn", "withdrawn before it was confirmed"],
)
async def test_a_guardian_is_one_while_the_guardianship_lives(
    served: httpx2.AsyncClient, people: People, change: dict[str, object], live: bool
) -> None:
    guardian, ward = await people.member(), await people.member(minor=True)
    await people.guard(guardian, ward, **change)
    assert await roles(served, await people.sign_in(guardian)) == ["LEARNER", *(["GUARDIAN"] if live else [])]
    assert await roles(served, await people.sign_in(ward)) == ["MINOR", *(["WARD"] if live else [])]


async def test_a_guardianship_ends_with_the_wards_coming_of_age(served: httpx2.AsyncClient, people: People) -> None:
    guardian, ward = await people.member(), await people.member(minor=True)
    await people.guard(guardian, ward)
    of_guardian, of_ward = await people.sign_in(guardian), await people.sign_in(ward)
    assert await roles(served, of_guardian) == ["LEARNER", "GUARDIAN"]
    await people.change(person, ward, minor=False)
    assert await roles(served, of_guardian) == ["LEARNER"]
    assert await roles(served, of_ward) == ["LEARNER"]


async def test_a_withdrawn_guardianship_ends_at_once_and_another_one_stays(
    served: httpx2.AsyncClient, people: People
) -> None:
    guardian, ward, other = await people.member(), await people.member(minor=True), await people.member(minor=True)
    first = await people.guard(guardian, ward)
    token = await people.sign_in(guardian)
    await people.change(guardianship, first, withdrawn_at=ago(seconds=1))
    assert await roles(served, token) == ["LEARNER"]
    await people.guard(guardian, other)
    assert await roles(served, token) == ["LEARNER", "GUARDIAN"]


async def test_granted_roles_are_there_and_an_admin_manages_seats(served: httpx2.AsyncClient, people: People) -> None:
    instructor = await people.member(roles=["INSTRUCTOR"])
    admin = await people.member(roles=["ENTERPRISE_ADMIN"])
    both = await people.member(roles=["ENTERPRISE_ADMIN", "INSTRUCTOR"])
    assert await roles(served, await people.sign_in(instructor)) == ["LEARNER", "INSTRUCTOR"]
    assert await roles(served, await people.sign_in(admin)) == ["LEARNER", "ENTERPRISE_ADMIN", "SEAT_MANAGER"]
    assert await roles(served, await people.sign_in(both)) == [
        "LEARNER",
        "INSTRUCTOR",
        "ENTERPRISE_ADMIN",
        "SEAT_MANAGER",
    ]


async def test_a_role_that_was_taken_is_gone_with_the_next_request(served: httpx2.AsyncClient, people: People) -> None:
    person_id = await people.member(roles=["INSTRUCTOR"])
    token = await people.sign_in(person_id)
    assert await roles(served, token) == ["LEARNER", "INSTRUCTOR"]
    async with people.database.writing(SystemTask(Task.SIGN_IN, people.tenant_id)) as session:
        await session.change(role_grant.delete().where(in_tenant(role_grant), role_grant.c.person_id == person_id))
    assert await roles(served, token) == ["LEARNER"]


@pytest.mark.parametrize("role", ["SUPPORT", "SECURITY", "PRIVACY"])
async def test_staff_have_the_role_of_their_case_and_no_other(
    served: httpx2.AsyncClient, people: People, role: str
) -> None:
    staff = uuid7()
    token = people.token(staff, await people.session(case_id=await people.case(staff, role)))
    assert await roles(served, token) == [role]


async def test_staff_who_are_members_too_have_no_members_role_in_a_case(
    served: httpx2.AsyncClient, people: People
) -> None:
    # An id is of one tenant; should one ever be in two, the case's role is all there is.
    staff = await people.member(roles=["ENTERPRISE_ADMIN"])
    token = people.token(staff, await people.session(case_id=await people.case(staff)))
    assert await roles(served, token) == ["SUPPORT"]


@pytest.mark.parametrize("role", ["SUPPORT", "SECURITY", "PRIVACY"])
async def test_a_staff_role_without_a_case_counts_for_nothing(
    served: httpx2.AsyncClient, people: People, role: str
) -> None:
    assert await roles(served, await people.sign_in(await people.member(roles=[role]))) == ["LEARNER"]
