"""One read of several people stands in the log of each: met there as each of them is, and told as what it is, one read.

A tenant whose agreement grants it lets its admin see, of the trail of its members, some of what each sees of their own.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from api.app import create_app
from api.ids import encode_id
from api.settings import Settings
from authz.tenant_rules.model import tenant_rule
from tenants.ids import uuid7
from tenants.model import agreement, agreement_grant, tenant
from tests.api.conftest import client_of
from tests.api.people import People, ago

LIFTED = ("Learner.accessLog", "AccessEvent.id")
NAMES = "query Roster { learners { nodes { name } } }"
LOGS = """query Logs($ids: [ID!]!) { nodes(ids: $ids) { id ... on Learner {
    accessLog(first: 2, filter: { operation: "Roster" }) { nodes { id actor { id name roles } } } } } }"""

Read = Callable[..., Awaitable[tuple[dict[str, Any], list[Any]]]]


async def granted(people: People, *lifted: str) -> None:
    """Agree with the tenant that its admins may look into the trail, and lift that much of it for them."""
    await people.add(agreement, version=2, retention_years=2, signed_at=ago(days=2))
    for number, object_ in enumerate(lifted, start=1):
        await people.add(agreement_grant, version=2, role="ENTERPRISE_ADMIN", object=object_)
        rule = {"version": number, "role": "ENTERPRISE_ADMIN", "object": object_, "allow": True}
        await people.add(tenant_rule, **rule, author_id=uuid7(), added_at=ago(days=1))
    await people.change(tenant, people.tenant_id, "tenant_id", policy_stamp=uuid7())


@pytest.fixture
async def ids(people: People) -> dict[str, UUID]:
    """Make an admin, and a member whom the admin meets as that alone."""
    return {"admin": await people.member(roles=["ENTERPRISE_ADMIN"]), "member": await people.member()}


@pytest.fixture
def read(people: People, ids: dict[str, UUID], settings: Callable[..., Settings], database_url: str) -> Read:
    """Give a way for the admin to read both, and then their logs in that order: events by whose log, and errors."""

    async def reading(*order: str) -> tuple[dict[str, Any], list[Any]]:
        app = create_app(settings(database_url=database_url, pool_wait=20, statement_timeout=20))
        headers = {"authorization": f"Bearer {await people.sign_in(ids['admin'])}"}
        asked = {"ids": [encode_id("Learner", ids[who]) for who in order]}
        async with app.router.lifespan_context(app), client_of(app) as client:
            await client.post("/graphql", json={"query": NAMES}, headers=headers)
            body = {"query": LOGS, "variables": asked}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
        assert answer["data"] is not None, answer
        logs = zip(order, answer["data"]["nodes"], strict=True)
        told = [(error["path"], error["extensions"]) for error in answer.get("errors", [])]
        return {who: node["accessLog"]["nodes"] for who, node in logs}, told

    return reading


@pytest.mark.parametrize("order", [("admin", "member"), ("member", "admin")], ids=" before ".join)
async def test_what_one_log_shows_of_a_read_and_another_does_not_is_denied_once(
    people: People, ids: dict[str, UUID], read: Read, order: tuple[str, str]
) -> None:
    await granted(people, *LIFTED)
    logs, errors = await read(*order)
    own, other = logs["admin"], logs["member"]
    roles = ["LEARNER", "ENTERPRISE_ADMIN", "SEAT_MANAGER"]
    actor = {"id": encode_id("Learner", ids["admin"]), "name": None, "roles": roles}
    assert [event["actor"] for event in own] == [actor]
    assert other == [{"id": own[0]["id"], "actor": None}]
    told = {
        "code": "FIELD_FORBIDDEN", "pattern": "nodes.@.accessLog.nodes.@.actor", "field": "AccessEvent.actor",
        "reason": "NO_RELATION", "reasons": {"NO_RELATION": 1}, "rule": None, "denied": 1, "of": 1,
    }  # fmt: skip
    assert errors == [(["nodes", order.index("member"), "accessLog", "nodes", 0, "actor"], told)]


async def test_the_roles_of_whoever_read_are_told_although_who_it_was_is_not(
    people: People, ids: dict[str, UUID], read: Read
) -> None:
    await granted(people, *LIFTED, "AccessEvent.actor")
    logs, errors = await read("admin", "member")
    [own], [other] = logs["admin"], logs["member"]
    assert own["actor"]["id"] == encode_id("Learner", ids["admin"])
    assert other["actor"] == {"id": None, "name": None, "roles": own["actor"]["roles"]}
    assert [(told["field"], told["denied"], told["of"]) for _, told in errors] == [
        ("Actor.id", 1, 1),
        ("Actor.name", 1, 1),
    ]
