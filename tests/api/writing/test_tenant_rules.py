"""addTenantRule, removeTenantRule: a tenant narrows who reads what, sees beforehand what that does, and no more."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest

from api.app import create_app
from api.settings import Settings
from authz.audit.changes import ChangeSeal
from domain.people.model import person
from domain.seats.model import seat, seat_pool
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tests.api.conftest import client_of
from tests.api.people import People, ago
from tests.api.writing.conftest import FORBIDDEN, MISSING, Call, School, Send, Tables, refused

PAYLOAD = "ruleId policyVersion changes { role field subject before after people } userErrors { field code message }"
ADD = f"mutation Add($input: AddTenantRuleInput!) {{ addTenantRule(input: $input) {{ {PAYLOAD} }} }}"
REMOVE = f"mutation Remove($input: RemoveTenantRuleInput!) {{ removeTenantRule(input: $input) {{ {PAYLOAD} }} }}"
ROSTER = "query($c: ID!) { course(id: $c) { enrollments { nodes { learner { id name title } } } } }"


@pytest.fixture
async def taught(school: School) -> School:
    """Give the school with its adult and its minor taking the course."""
    for who in ("adult", "minor"):
        await school.people.change(person, school.ids[who], name=who.title(), title="Dr")
        await school.enrolled(who)
    return school


@pytest.fixture
def roster(taught: School, send: Send) -> Callable[..., Any]:
    """Give the instructor's roster: title and name by who it is, and the errors."""

    async def asking() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        answer = (await send(taught.tokens["instructor"], ROSTER, c=taught.course)).json()
        nodes = [node["learner"] for node in answer["data"]["course"]["enrollments"]["nodes"]]
        names = {taught.learner(who): who for who in taught.ids}
        return {names[node["id"]]: (node["name"], node["title"]) for node in nodes}, answer.get("errors", [])

    return asking


async def test_a_rule_narrows_at_once_and_its_end_widens_at_once(
    taught: School, call: Call, roster: Callable[..., Any]
) -> None:
    before, errors = await roster()
    assert before == {"adult": ("Adult", "Dr"), "minor": ("Minor", None)}
    made = await call("admin", ADD, role="INSTRUCTOR", object="Learner.title", allow=False)
    assert made["userErrors"] == []
    assert made["changes"] == [
        {"role": "INSTRUCTOR", "field": "Learner.title", "subject": [], "before": True, "after": False, "people": 1}
    ]
    after, errors = await roster()
    assert after == {"adult": ("Adult", None), "minor": ("Minor", None)}
    # The minor would not be protected from what no adult is open to either.
    assert [error["extensions"]["reasons"] for error in errors] == [{"TENANT_RULE": 1, "NO_RELATION": 1}]
    ended = await call("admin", REMOVE, ruleId=made["ruleId"])
    assert ended["userErrors"] == []
    assert [change["after"] for change in ended["changes"]] == [True]
    assert (await roster())[0] == before


async def test_a_denied_cell_names_the_rule_that_an_admin_can_end(
    taught: School, call: Call, roster: Callable[..., Any]
) -> None:
    made = await call("admin", ADD, role="INSTRUCTOR", object="Learner.name", allow=False)
    _, errors = await roster()
    told = {error["extensions"]["field"]: error["extensions"] for error in errors}["Learner.name"]
    assert (told["reason"], told["rule"], told["denied"]) == ("TENANT_RULE", made["ruleId"], 2)


async def test_another_process_decides_by_the_rule_in_its_next_request(
    taught: School, call: Call, settings: Callable[..., Settings], database_url: str
) -> None:
    """Two applications on one database, as two processes are: nothing tells the second but the database."""
    app = create_app(settings(database_url=database_url, statement_timeout=20, pool_wait=20, request_timeout=60))
    async with app.router.lifespan_context(app), client_of(app) as other:

        async def titles(client: httpx2.AsyncClient) -> set[str | None]:
            headers = {"authorization": f"Bearer {taught.tokens['instructor']}"}
            body = {"query": ROSTER, "variables": {"c": taught.course}}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
            return {node["learner"]["title"] for node in answer["data"]["course"]["enrollments"]["nodes"]}

        assert await titles(other) == {"Dr", None}
        made = await call("admin", ADD, role="INSTRUCTOR", object="Learner#PROFILE", allow=False)
        assert await titles(other) == {None}
        await call("admin", REMOVE, ruleId=made["ruleId"])
        assert await titles(other) == {"Dr", None}


async def test_a_dry_run_tells_what_the_rule_itself_then_does_and_changes_nothing(
    taught: School, call: Call, tables: Tables, roster: Callable[..., Any]
) -> None:
    before, rows = await roster(), await tables.rows("tenant_rule")
    asked = {"role": "INSTRUCTOR", "object": "Learner#IDENTITY", "allow": False}
    told = await call("admin", ADD, **asked, dryRun=True)
    assert told["ruleId"] is None
    assert await tables.rows("tenant_rule") == rows == []
    assert await tables.rows("change_event") == []
    assert await roster() == before
    made = await call("admin", ADD, **asked)
    assert made["changes"] == told["changes"]
    assert {(change["field"], *change["subject"]) for change in told["changes"]} == {
        ("Learner.name",), ("Learner.name", "MINOR"), ("Learner.pictureUrl",)
    }  # fmt: skip
    assert told["policyVersion"] != made["policyVersion"]


async def test_the_version_that_events_carry_covers_the_rules(
    taught: School, call: Call, roster: Callable[..., Any], tables: Tables
) -> None:
    async def newest() -> str:
        rows = await tables.raw.fetch(
            "SELECT policy_version FROM access_event WHERE tenant_id = $1 ORDER BY at DESC, id DESC", tables.tenant_id
        )
        return str(rows[0]["policy_version"])

    await roster()
    plain = await newest()
    made = await call("admin", ADD, role="INSTRUCTOR", object="Learner.title", allow=False)
    await roster()
    assert await newest() == made["policyVersion"] != plain
    ended = await call("admin", REMOVE, ruleId=made["ruleId"])
    await roster()
    assert await newest() == ended["policyVersion"] == plain


async def test_rules_are_kept_with_their_author_and_time_and_each_change_is_on_record(
    taught: School, call: Call, tables: Tables, secret: bytes
) -> None:
    made = await call("admin", ADD, role="INSTRUCTOR", object="Learner.title", subject="MINOR", allow=False)
    await call("admin", REMOVE, ruleId=made["ruleId"])
    [row] = await tables.rows("tenant_rule")
    assert f"tenant:{row['id']}" == made["ruleId"]
    assert (row["author_id"], row["removed_by"]) == (taught.ids["admin"], taught.ids["admin"])
    assert ago(minutes=5) < row["added_at"] < row["removed_at"]
    events = await tables.rows("change_event")
    assert [(event["mutation"], event["object_type"], event["object_id"]) for event in events] == [
        ("addTenantRule", "TenantRule", row["id"]),
        ("removeTenantRule", "TenantRule", row["id"]),
    ]
    place = (tables.tenant_id, "TenantRule", row["id"])
    seal = ChangeSeal(secret)
    for event, old, new in zip(events, (None, "Learner.title"), ("Learner.title", None), strict=True):
        assert {
            "field": "TenantRule.object",
            "old": seal.seal(*place, "TenantRule.object", old),
            "new": seal.seal(*place, "TenantRule.object", new),
        } in orjson.loads(event["changes"])


async def test_only_an_admin_of_the_tenant_makes_and_ends_rules(taught: School, call: Call, tables: Tables) -> None:
    made = await call("admin", ADD, role="INSTRUCTOR", object="Learner.title", allow=False)
    for who in set(taught.ids) - {"admin"}:
        for query, given in (
            (ADD, {"role": "INSTRUCTOR", "object": "Learner.name", "allow": False}),
            (ADD, {"role": "INSTRUCTOR", "object": "Learner.name", "allow": False, "dryRun": True}),
            (REMOVE, {"ruleId": made["ruleId"]}),
        ):
            payload = await call(who, query, **given)
            assert payload == {"ruleId": None, "changes": [], "policyVersion": None, "userErrors": FORBIDDEN}
    [row] = await tables.rows("tenant_rule")
    assert row["removed_at"] is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "PRIVACY", "object": "Learner.name", "allow": False}, "role"),
        ({"role": "LEARNER", "object": "Learner.name", "allow": False}, "role"),
        ({"role": "INSTRUCTOR", "object": "Learner.nothing", "allow": False}, "object"),
        ({"role": "INSTRUCTOR", "object": "Learner.*", "allow": False}, "object"),
        ({"role": "INSTRUCTOR", "object": "x" * 9_000, "allow": False}, "object"),
        ({"role": "INSTRUCTOR", "object": "Learner#\u0000", "allow": False}, "object"),
        ({"role": "ENTERPRISE_ADMIN", "object": "Mutation.removeTenantRule", "allow": False}, "object"),
        ({"role": "ENTERPRISE_ADMIN", "object": "Mutation#ACCESS", "allow": False}, "object"),
        ({"role": "INSTRUCTOR", "object": "Learner.phone", "allow": True}, "allow"),
        ({"role": "SEAT_MANAGER", "object": "Enrollment.averageScore", "allow": True}, "allow"),
    ],
)
async def test_a_rule_that_cannot_be_made_is_refused_with_its_part(
    school: School, call: Call, tables: Tables, given: dict[str, Any], field: str
) -> None:
    payload = await call("admin", ADD, **given)
    [error] = payload["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["input", field])
    assert len(error["message"]) < 300
    assert await tables.rows("tenant_rule") == []


async def test_the_very_same_rule_twice_is_a_conflict(school: School, call: Call, tables: Tables) -> None:
    given = {"role": "INSTRUCTOR", "object": "Learner.title", "allow": False}
    payloads = await asyncio.gather(*(call("admin", ADD, **given) for _ in range(4)))
    codes = sorted(error["code"] for payload in payloads for error in payload["userErrors"])
    assert codes == ["CONFLICT"] * 3
    assert len(await tables.rows("tenant_rule")) == 1


async def test_missing_ended_and_foreign_rules_are_answered_alike(
    school: School, call: Call, people: People, tables: Tables
) -> None:
    ended = (await call("admin", ADD, role="INSTRUCTOR", object="Learner.title", allow=False))["ruleId"]
    await call("admin", REMOVE, ruleId=ended)
    other = await ensure_tenant(people.database, f"other-{uuid7()}", "Other")
    foreign = await tables.raw.fetchval(
        "INSERT INTO tenant_rule (tenant_id, id, version, role, object, allow, author_id, added_at)"
        " VALUES ($1, $2, 1, 'INSTRUCTOR', 'Learner.title', false, $2, now()) RETURNING id",
        other, uuid7(),
    )  # fmt: skip
    answers = [await call("admin", REMOVE, ruleId=it) for it in (ended, f"tenant:{foreign}", f"tenant:{uuid7()}")]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["userErrors"] == refused("NOT_FOUND", MISSING, "input", "ruleId")
    for malformed in ("", "tenant:", f"{UUID(int=1)}", f"tenant:{UUID(int=1).hex}", "tenant:x"):
        [error] = (await call("admin", REMOVE, ruleId=malformed))["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID", ["input", "ruleId"])


async def test_what_the_agreement_grants_can_be_lifted_until_it_ends(
    taught: School, call: Call, send: Send, people: People, tables: Tables
) -> None:
    pool = await people.add(seat_pool, name="P", total=9, starts_on=ago(days=9).date(), ends_on=ago(days=-9).date())
    adult = taught.ids["adult"]
    await people.add(seat, pool_id=pool, person_id=adult, status="ACTIVE", assigned_at=ago(days=3))
    scores = "{ learners { nodes { enrollments { nodes { averageScore } } } } }"
    await tables.raw.execute("UPDATE enrollment SET average_score = 77 WHERE tenant_id = $1", tables.tenant_id)

    async def seen() -> set[float | None]:
        nodes = (await send(taught.tokens["admin"], scores)).json()["data"]["learners"]["nodes"]
        return {row["averageScore"] for node in nodes for row in (node["enrollments"] or {"nodes": []})["nodes"]}

    async def agree(version: int, *granted: str) -> None:
        await tables.raw.execute(
            "INSERT INTO agreement (tenant_id, version, retention_years, signed_at) VALUES ($1, $2, 2, now())",
            tables.tenant_id, version,
        )  # fmt: skip
        for object_ in granted:
            await tables.raw.execute(
                "INSERT INTO agreement_grant (tenant_id, version, role, object) VALUES ($1, $2, 'SEAT_MANAGER', $3)",
                tables.tenant_id, version, object_,
            )  # fmt: skip
        await tables.raw.execute("UPDATE tenant SET policy_stamp = $2 WHERE tenant_id = $1", tables.tenant_id, uuid7())

    assert await seen() == {None}
    await agree(90, "Enrollment.averageScore")
    assert await seen() == {None}
    made = await call("admin", ADD, role="SEAT_MANAGER", object="Enrollment.averageScore", allow=True)
    assert made["changes"] == [
        {"role": "SEAT_MANAGER", "field": "Enrollment.averageScore", "subject": [], "before": False, "after": True,
         "people": 1}
    ]  # fmt: skip
    assert await seen() == {77.0}
    await agree(91)
    assert await seen() == {None}
