"""The trail as it is read: each sees their own part of it; and no value leaves whose event cannot be written."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from api.app import create_app
from api.ids import encode_id
from api.settings import Environment, Settings
from authz.mask import Decision, Mask
from authz.viewer import Purpose, Role, SubjectClass
from domain.accounts.tokens import Tokens
from domain.people.model import person
from tenants.directory import ensure_tenant
from tenants.embedded import Addresses
from tenants.ids import uuid7
from tests.api.conftest import client_of
from tests.api.people import People
from tests.api.reading.conftest import Ask, Demo, open_database
from tests.support.cluster import addresses_of, clone, remove
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

EVENT = """at outcome operation purpose case requestId subjectCount ip
    actor { id name roles } subjects { nodes { id } }
    disclosures { field category subjects } denials { field reason subjects }"""
LOGGED = f"accessLog(filter: $f) {{ nodes {{ {EVENT} }} }}"
LOG = f"query Look($f: AccessEventFilter) {{ viewer {{ learner {{ {LOGGED} }} }} }}"
EVENTS = f"query Look($f: AccessEventFilter) {{ accessEvents(filter: $f) {{ nodes {{ id {EVENT} }} }} }}"


def learner_id(demo: Demo, role: str) -> str:
    return encode_id("Learner", demo.casts["northwind"][role].person_id)


async def log(ask: Ask, role: str = "learner", /, **condition: object) -> list[dict[str, Any]]:
    """Return the events in somebody's own log."""
    found: list[dict[str, Any]] = (await ask(role, LOG, f=condition))["data"]["viewer"]["learner"]["accessLog"]["nodes"]
    return found


async def events(ask: Ask, role: str, /, **condition: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(role, EVENTS, f=condition))["data"]["accessEvents"]["nodes"]
    return found


@pytest.fixture
def name() -> str:
    """Give an operation's name that nobody used."""
    return f"Of{uuid7().hex}"


@pytest.fixture
async def raw(demo: Demo) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection to the demo's database that sees everything."""
    connection = await asyncpg.connect(demo.urls.superuser)
    yield connection
    await connection.close()


async def test_a_page_of_many_shows_each_of_them_only_their_own_part(
    ask: Ask, demo: Demo, raw: asyncpg.Connection, name: str
) -> None:
    await ask("privacy", f"query {name} {{ learners(first: 100) {{ nodes {{ name email lastIp }} }} }}")
    row = await raw.fetchrow("SELECT * FROM access_event WHERE operation = $1", name)
    assert row["subject_count"] > 40
    others = {one for each in json.loads(row["disclosures"]) for one in each["subjects"]}
    assert len(others) == row["subject_count"]
    mine = demo.casts["northwind"]["learner"].person_id
    assert str(mine) in others
    answer = await ask("learner", LOG, f={"operation": name})
    (event,) = answer["data"]["viewer"]["learner"]["accessLog"]["nodes"]
    assert event["subjectCount"] == 1
    assert event["subjects"] == {"nodes": [{"id": encode_id("Learner", mine)}]}
    assert event["denials"] == []
    assert event["disclosures"] == [
        {"field": "Learner.email", "category": "CONTACT", "subjects": 1},
        {"field": "Learner.lastIp", "category": "TECHNICAL", "subjects": 1},
        {"field": "Learner.name", "category": "IDENTITY", "subjects": 1},
    ]
    text = json.dumps(answer)
    for other in others - {str(mine)}:
        assert other not in text
        assert encode_id("Learner", UUID(other)) not in text


async def test_a_denial_about_others_is_not_in_ones_own_part(ask: Ask, demo: Demo, name: str) -> None:
    ids = [learner_id(demo, role) for role in ("instructor", "learner")]
    await ask(
        "instructor", f"query {name}($i: [ID!]!) {{ nodes(ids: $i) {{ ... on Learner {{ name phone }} }} }}", i=ids
    )
    (theirs,) = await log(ask, operation=name)
    assert (theirs["outcome"], theirs["subjectCount"]) == ("DENIED", 1)
    assert [denial["field"] for denial in theirs["denials"]] == ["Learner.phone"]
    (own,) = await log(ask, "instructor", operation=name)
    assert (own["outcome"], own["denials"]) == ("RELEASED", [])
    assert [each["field"] for each in own["disclosures"]] == ["Learner.name", "Learner.phone"]
    (whole,) = await events(ask, "privacy", operation=name)
    assert (whole["outcome"], whole["subjectCount"]) == ("DENIED", 2)
    for outcome, found in (("DENIED", True), ("RELEASED", False), ("REFUSED", False)):
        assert bool(await log(ask, operation=name, outcome=[outcome])) is found
        assert bool(await log(ask, "instructor", operation=name, outcome=[outcome])) is (outcome == "RELEASED")
        assert bool(await events(ask, "privacy", operation=name, outcome=[outcome])) is found


async def test_the_platforms_staff_stand_in_a_subjects_log_without_id_and_name(ask: Ask, demo: Demo, name: str) -> None:
    for role in ("support", "security", "privacy"):
        await ask(role, f'query {name} {{ learner(id: "{learner_id(demo, "learner")}") {{ name }} }}')
        (newest, *_) = await log(ask, operation=name)
        assert newest["actor"] == {"id": None, "name": None, "roles": [role.upper()]}
        assert newest["case"]
        staff = demo.casts["northwind"][role].person_id
        for kind in ("Learner", "Viewer", "Instructor"):
            assert await log(ask, operation=name, actor=encode_id(kind, staff)) == []
        assert str(staff) not in json.dumps(newest)
        (seen,) = await events(ask, "security", operation=name, actor=encode_id("Learner", staff))
        assert seen["operation"] == name


async def test_a_member_who_read_is_named_in_the_subjects_log(ask: Ask, demo: Demo, name: str) -> None:
    await ask("instructor", f'query {name} {{ learner(id: "{learner_id(demo, "learner")}") {{ name }} }}')
    teacher = learner_id(demo, "instructor")
    (event,) = await log(ask, operation=name, actor=teacher)
    assert event["actor"]["id"] == teacher
    assert event["actor"]["name"]
    assert event["actor"]["roles"] == ["LEARNER", "INSTRUCTOR"]
    assert await log(ask, operation=name, actor=learner_id(demo, "guardian")) == []


async def test_a_filter_on_a_subject_cannot_probe_for_others_in_ones_own_log(
    ask: Ask, demo: Demo, raw: asyncpg.Connection, name: str
) -> None:
    ids = [learner_id(demo, role) for role in ("learner", "minor", "guardian", "enterprise_admin")]
    await ask("privacy", f"query {name}($i: [ID!]!) {{ nodes(ids: $i) {{ ... on Learner {{ name email }} }} }}", i=ids)
    assert await raw.fetchval("SELECT subject_count FROM access_event WHERE operation = $1", name) == 4
    assert len(await log(ask, operation=name, subject=ids[0])) == 1
    for other in (*ids[1:], learner_id(demo, "privacy"), encode_id("Learner", uuid7())):
        assert await log(ask, operation=name, subject=other) == []
        assert len(await events(ask, "security", operation=name, subject=other)) == (other in ids)


async def test_a_filter_on_a_subject_finds_nobody_who_is_there_and_not_shown(
    ask: Ask, demo: Demo, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security staff find the reads of people who are nobody here any more: not of those whom a policy hides."""
    decide = Mask.decide

    def stricter(
        mask: Mask, role: Role, field: str, subject: SubjectClass, purpose: Purpose, *, action: str = "read"
    ) -> Decision:
        if (field, role, subject) == ("Learner.id", Role.SECURITY, SubjectClass.MINOR):
            return Decision(False, None)
        return decide(mask, role, field, subject, purpose, action=action)

    monkeypatch.setattr(Mask, "decide", stricter)
    ids = [learner_id(demo, role) for role in ("learner", "minor")]
    await ask("privacy", f"query {name}($i: [ID!]!) {{ nodes(ids: $i) {{ ... on Learner {{ name }} }} }}", i=ids)
    for wanted, found in ((ids[0], 1), (ids[1], 0)):
        assert len(await events(ask, "security", operation=name, subject=wanted)) == found


async def test_in_the_log_of_a_ward_the_ward_is_met_as_a_minor_whoever_read_of_them(
    ask: Ask, demo: Demo, name: str
) -> None:
    key = learner_id(demo, "minor")
    reading = f'query {name} {{ learner(id: "{key}") {{ name phone }} }}'
    for reader in ("privacy", "guardian"):
        await ask(reader, reading)
    query = """query($id: ID!, $name: String) { learner(id: $id) { name phone accessLog(filter: {operation: $name}) {
        nodes { subjects { nodes { id name phone minor } } } } } }"""
    answer = await ask("guardian", query, id=key, name=name)
    assert "errors" not in answer
    ward = answer["data"]["learner"]
    told = {"id": key, "name": ward["name"], "phone": ward["phone"], "minor": True}
    assert ward["accessLog"]["nodes"] == [{"subjects": {"nodes": [told]}}] * 2


async def test_the_reads_of_somebody_who_is_nobody_here_any_more_are_found_by_those_who_look_into_the_trail(
    ask: Ask, demo: Demo, raw: asyncpg.Connection, name: str
) -> None:
    await ask("privacy", f'query {name} {{ learner(id: "{learner_id(demo, "learner")}") {{ name }} }}')
    gone = uuid7()
    copied = await raw.execute(
        """INSERT INTO access_event SELECT (jsonb_populate_record(it, jsonb_build_object(
            'id', $2::text, 'operation', $3::text, 'disclosures', replace(it.disclosures::text, $4, $5)::jsonb))).*
            FROM access_event it WHERE operation = $1""",
        name, str(uuid7()), f"{name}Gone", str(demo.casts["northwind"]["learner"].person_id), str(gone),
    )  # fmt: skip
    assert copied == "INSERT 0 1"
    for role in ("security", "privacy"):
        assert len(await events(ask, role, operation=f"{name}Gone", subject=encode_id("Learner", gone))) == 1
        assert await events(ask, role, operation=name, subject=encode_id("Learner", gone)) == []
        assert await events(ask, role, operation=f"{name}Gone", subject=learner_id(demo, "learner")) == []


async def test_filters_on_fields_and_categories_look_at_ones_own_part_alone(ask: Ask, demo: Demo, name: str) -> None:
    mine, other = learner_id(demo, "learner"), learner_id(demo, "minor")
    await ask(
        "privacy", f'query {name} {{ a: learner(id: "{mine}") {{ name }} b: learner(id: "{other}") {{ email }} }}'
    )
    for wanted, found, other_found in (
        ({"field": "Learner.name"}, 1, 0), ({"field": "Learner.email"}, 0, 1), ({"field": "Learner"}, 0, 0),
        ({"category": ["IDENTITY"]}, 1, 0), ({"category": ["CONTACT"]}, 0, 1),
        ({"category": ["CONTACT", "IDENTITY"]}, 1, 1), ({"category": []}, 0, 0),
    ):  # fmt: skip
        condition: Mapping[str, object] = wanted
        assert len(await log(ask, operation=name, **condition)) == found
        assert len(await log(ask, "minor", operation=name, **condition)) == other_found
        assert len(await events(ask, "security", operation=name, **condition)) == bool(found or other_found)


async def test_every_other_filter_holds_in_both_ways_to_the_trail(ask: Ask, demo: Demo, name: str) -> None:
    await ask("support", f'query {name} {{ learner(id: "{learner_id(demo, "learner")}") {{ name }} }}')
    (event,) = await events(ask, "security", operation=name)
    at = event["at"]
    for condition, found in (
        ({"purpose": ["SUPPORT_CASE"]}, True), ({"purpose": ["SUPPORT_CASE", "TEACHING"]}, True),
        ({"purpose": ["TEACHING"]}, False), ({"purpose": []}, False),
        ({"role": ["SUPPORT"]}, True), ({"role": ["SUPPORT", "MINOR"]}, True), ({"role": ["PRIVACY"]}, False),
        ({"case": event["case"]}, True), ({"case": "no such"}, False), ({"case": ""}, False),
        ({"outcome": ["RELEASED"]}, True), ({"outcome": ["DENIED", "REFUSED"]}, False),
        ({"at": {"from": at}}, True), ({"at": {"to": at}}, False), ({"at": {"from": at, "to": at}}, False),
        ({"at": {"to": "9999-01-01T00:00:00Z"}}, True), ({"at": {"from": "9999-01-01T00:00:00"}}, False),
        ({"at": {}}, True), ({}, True), ({"purpose": None, "role": None, "case": None, "at": None}, True),
        ({"operation": name[:-1]}, False),
    ):  # fmt: skip
        wanted: dict[str, object] = {"operation": name, **condition}
        assert bool(await log(ask, **wanted)) is found, condition
        assert bool(await events(ask, "security", **wanted)) is found, condition


async def test_a_guardian_sees_the_wards_log_and_nobody_elses(ask: Ask, demo: Demo, name: str) -> None:
    ward, other = learner_id(demo, "minor"), learner_id(demo, "learner")
    await ask("privacy", f'query {name} {{ a: learner(id: "{ward}") {{ name }} b: learner(id: "{other}") {{ name }} }}')
    query = f"query Look($f: AccessEventFilter) {{ viewer {{ wards {{ nodes {{ id {LOGGED} }} }} }} }}"
    answer = await ask("guardian", query, f={"operation": name})
    (found,) = answer["data"]["viewer"]["wards"]["nodes"]
    assert found["id"] == ward
    (event,) = found["accessLog"]["nodes"]
    assert event["subjects"] == {"nodes": [{"id": ward}]}
    assert event["actor"] == {"id": None, "name": None, "roles": ["PRIVACY"]}
    assert event["ip"] is None
    assert [error["extensions"]["field"] for error in answer["errors"]] == ["AccessEvent.ip"]
    assert other not in json.dumps(answer)
    assert await log(ask, "guardian", operation=name) == []


OWNER = "id minor education viewerAccess { field readable reason rule }"
IN_LOG = f"accessLog(filter: $f, first: 1) {{ nodes {{ subjects(first: 1) {{ nodes {{ {OWNER} }} }} }} }}"
OWNERS = f"query Look($f: AccessEventFilter, $i: ID!) {{ learner(id: $i) {{ {OWNER} {IN_LOG} }} }}"


@pytest.mark.parametrize("reader", ["guardian", "privacy"])
async def test_whose_log_it_is_is_shown_in_it_as_they_are_and_not_as_whoever_read(
    ask: Ask, demo: Demo, name: str, reader: str
) -> None:
    """A guardian reads of minors what they do not read of adults, and in a minor's log are the reads of adults."""
    ward = learner_id(demo, "minor")
    await ask(reader, f'query {name} {{ learner(id: "{ward}") {{ name }} }}')
    answer = await ask("guardian", OWNERS, f={"operation": name}, i=ward)
    owner = answer["data"]["learner"]
    (event,) = owner.pop("accessLog")["nodes"]
    assert event["subjects"] == {"nodes": [owner]}
    assert (owner["id"], owner["minor"]) == (ward, True)
    assert all(access["readable"] for access in owner["viewerAccess"])
    assert "errors" not in answer


@pytest.mark.parametrize("role", ["enterprise_admin", "instructor", "support"])
async def test_the_log_of_somebody_else_is_denied_to_whoever_manages_teaches_or_helps(
    ask: Ask, demo: Demo, role: str
) -> None:
    query = f'{{ learner(id: "{learner_id(demo, "learner")}") {{ id accessLog {{ nodes {{ id }} }} }} }}'
    answer = await ask(role, query)
    assert answer["data"]["learner"]["accessLog"] is None
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("FIELD_FORBIDDEN", "Learner.accessLog")


async def test_an_address_is_shown_to_the_actor_security_and_privacy_alone(ask: Ask, demo: Demo, name: str) -> None:
    await ask("instructor", f'query {name} {{ learner(id: "{learner_id(demo, "learner")}") {{ name }} }}')
    for role in ("instructor", "security", "privacy"):
        (event,) = await events(ask, role, operation=name)
        assert event["ip"] == "127.0.0.1", role
    for role in ("learner", "guardian", "minor", "enterprise_admin", "support"):
        assert await events(ask, role, operation=name) == [], role
    answer = await ask("learner", LOG, f={"operation": name})
    (event,) = answer["data"]["viewer"]["learner"]["accessLog"]["nodes"]
    assert event["ip"] is None
    assert "127.0.0.1" not in json.dumps(answer)
    by_id = f"query Look($f: AccessEventFilter, $i: ID!) {{ learner(id: $i) {{ {LOGGED} }} }}"
    answer = await ask("security", by_id, f={"operation": name}, i=learner_id(demo, "learner"))
    (event,) = answer["data"]["learner"]["accessLog"]["nodes"]
    assert event["ip"] == "127.0.0.1"


async def test_in_ones_own_log_ones_own_address_is_shown_and_nobody_elses(ask: Ask, demo: Demo, name: str) -> None:
    about = learner_id(demo, "learner")
    for role in ("learner", "instructor"):
        await ask(role, f'query {name} {{ learner(id: "{about}") {{ name }} }}')
    answer = await ask("learner", LOG, f={"operation": name})
    shown = {event["actor"]["id"]: event["ip"] for event in answer["data"]["viewer"]["learner"]["accessLog"]["nodes"]}
    assert shown == {about: "127.0.0.1", learner_id(demo, "instructor"): None}
    (error,) = answer["errors"]
    assert (error["extensions"]["field"], error["extensions"]["denied"]) == ("AccessEvent.ip", 1)


async def test_reading_the_trail_is_on_the_trail(ask: Ask, demo: Demo, raw: asyncpg.Connection, name: str) -> None:
    await ask("instructor", "query Before { viewer { learner { name } } }")
    query = EVENTS.replace("Look", name)
    answer = await ask("security", query, f={"operation": "Before", "actor": learner_id(demo, "instructor")})
    assert answer["data"]["accessEvents"]["nodes"]
    row = await raw.fetchrow("SELECT * FROM access_event WHERE operation = $1", name)
    assert row["actor_id"] == demo.casts["northwind"]["security"].person_id
    fields = {field for each in json.loads(row["disclosures"]) for field in each["fields"]}
    assert {"AccessEvent.actor", "AccessEvent.ip", "Actor.id", "Actor.name"} <= fields
    (shown,) = await log(ask, "instructor", operation=name)
    assert "AccessEvent.ip" in {each["field"] for each in shown["disclosures"]}
    await ask("learner", f"query {name} {{ viewer {{ learner {{ accessLog(first: 1) {{ nodes {{ id }} }} }} }} }}")
    (own,) = await log(ask, operation=name)
    assert [each["field"] for each in own["disclosures"]] == ["Learner.accessLog"]


@pytest.mark.parametrize(
    "query",
    [
        "{ __typename }", "{ viewer { id roles } }", "{ courses { nodes { id title } } tenant { name } }",
        "{ learners(filter: {name: {in: []}}) { nodes { id name } } }", '{ node(id: "x") { id } }',
        "{ viewer { learner { name } } courses(first: 0) { nodes { id } } }",
        '{ viewer { learner { name } } learners(after: "x") { nodes { id } } }',
    ],
)  # fmt: skip
async def test_a_request_that_releases_and_denies_nothing_leaves_no_event(
    demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]], raw: asyncpg.Connection, query: str
) -> None:
    headers = {"authorization": f"Bearer {tokens['northwind']['learner']}"}
    answer = await demo_client.post("/graphql", json={"query": query}, headers=headers)
    assert answer.status_code == 200
    count = "SELECT count(*) FROM access_event WHERE request_id = $1"
    assert await raw.fetchval(count, answer.headers["x-request-id"]) == 0
    answer = await demo_client.post("/graphql", json={"query": "{ viewer { learner { name } } }"}, headers=headers)
    assert await raw.fetchval(count, answer.headers["x-request-id"]) == 1


async def test_a_long_name_of_an_operation_is_cut_and_the_request_recorded(ask: Ask, raw: asyncpg.Connection) -> None:
    name = f"L{uuid7().hex}" + "x" * 400
    answer = await ask("learner", f"query {name} {{ viewer {{ learner {{ name }} }} }}")
    assert answer["data"]["viewer"]["learner"]["name"]
    assert await raw.fetchval("SELECT count(*) FROM access_event WHERE operation = $1", name[:200]) == 1


CANARY = "Canary Seven"
READ = "{ viewer { learner { name email } } }"


@dataclass(frozen=True)
class Broken:
    """A client of an application with a database of its own, a member's token, and a connection that may break it."""

    client: httpx2.AsyncClient
    token: str
    hand: asyncpg.Connection

    async def ask(self, query: str = READ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.client.post("/graphql", json={"query": query}, headers=headers)

    async def is_well(self) -> bool:
        """Tell whether the member's name is answered and recorded."""
        answer = await self.ask()
        count = "SELECT count(*) FROM access_event WHERE request_id = $1"
        recorded = await self.hand.fetchval(count, answer.headers["x-request-id"])
        return (answer.status_code, CANARY in answer.text, recorded) == (200, True, 1)

    async def refuses(self) -> bool:
        """Tell whether the member's name is kept back, with the error of the contract, and what is open answered."""
        answer = await self.ask()
        assert answer.status_code == 503, answer.text
        (error,) = answer.json()["errors"]
        assert set(answer.json()) == {"errors"}
        assert set(error) == {"message", "extensions"}
        assert error["extensions"] == {"code": "AUDIT_UNAVAILABLE"}
        assert answer.headers["retry-after"] == "1"
        assert CANARY not in answer.text
        return True


@pytest.fixture
async def broken(server: Addresses, key_file: Path, issuer: Tokens) -> AsyncIterator[Broken]:
    """Give a database that a test may break, and the application on it."""
    name = await clone(server)
    urls = addresses_of(server, name)
    settings = Settings.read(
        environment=Environment.DEVELOPMENT, database_url=urls.application, token_keys=key_file,
        **trail_beside(key_file),
        master_keys=MASTER_KEYS, statement_timeout=1, pool_size=2, pool_wait=10, request_timeout=20,
    )  # fmt: skip
    database = open_database(urls)
    people = People(database, await ensure_tenant(database, "northwind", "Northwind Academy"), issuer)
    person_id = await people.member()
    await people.change(person, person_id, name=CANARY, email="canary@example.org")
    token = await people.sign_in(person_id)
    await database.close()
    hand = await asyncpg.connect(urls.superuser)
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield Broken(client, token, hand)
    await hand.close()
    await remove(server, name)


RAISING = """CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'spoilt %', NEW.actor_id; END $$;
    CREATE TRIGGER spoil BEFORE INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION spoil();"""
# A constraint that is looked at no sooner than at the commit.
LATE = """CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'spoilt %', NEW.actor_id; END $$;
    DO $$ DECLARE part regclass; BEGIN
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'access_event'::regclass LOOP
            EXECUTE format('CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION spoil()', part);
        END LOOP; END $$;"""
FAULTS = {
    "no right to insert": (
        "REVOKE INSERT ON access_event FROM sextrontgen_app",
        "GRANT INSERT ON access_event TO sextrontgen_app",
    ),
    "a trigger that raises": (RAISING, "DROP FUNCTION spoil CASCADE"),
    "another column": (
        "ALTER TABLE access_event RENAME COLUMN operation TO lost",
        "ALTER TABLE access_event RENAME COLUMN lost TO operation",
    ),
    "a constraint": (
        "ALTER TABLE access_event ADD CONSTRAINT never CHECK (subject_count < 0) NOT VALID",
        "ALTER TABLE access_event DROP CONSTRAINT never",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_value_leaves_while_its_event_cannot_be_written_and_all_is_well_afterwards(
    broken: Broken, fault: str
) -> None:
    breaks, mends = FAULTS[fault]
    assert await broken.is_well()
    before = await broken.hand.fetchval("SELECT count(*) FROM access_event")
    await broken.hand.execute(breaks)
    for _ in range(4):
        assert await broken.refuses()
    answer = await broken.ask("{ viewer { roles } courses { nodes { id } } }")
    assert answer.json() == {"data": {"viewer": {"roles": ["LEARNER"]}, "courses": {"nodes": []}}}
    assert await broken.hand.fetchval("SELECT count(*) FROM access_event") == before
    await broken.hand.execute(mends)
    assert await broken.is_well()
    assert await broken.is_well()


async def test_no_value_leaves_when_the_event_is_refused_at_the_commit(broken: Broken) -> None:
    assert await broken.is_well()
    await broken.hand.execute(LATE)
    for _ in range(3):
        answer = await broken.ask()
        assert answer.status_code == 503
        assert set(answer.json()) == {"errors"}
        assert CANARY not in answer.text
    await broken.hand.execute("DROP FUNCTION spoil CASCADE")
    assert await broken.is_well()


async def test_a_locked_trail_is_not_waited_for_and_no_value_leaves(broken: Broken) -> None:
    assert await broken.is_well()
    async with broken.hand.transaction():
        await broken.hand.execute("LOCK TABLE access_event IN ACCESS EXCLUSIVE MODE")
        assert await broken.refuses()
        assert await broken.refuses()
    assert await broken.is_well()
