"""`audit affected` at a terminal: the people whose fields somebody read, as many times as the trail has it."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import pytest

from api.ids import encode_id
from authz.audit.recorder import record
from authz.reasons import DenialReason
from tenants.database import Database
from tenants.session import SystemTask, Task
from tests.api.commands.affecting import FIELDS, asked, counted, listed, rows_of
from tests.api.commands.audited import Audited, said
from tests.api.commands.exports import ONLY_NORTHWIND
from tests.support.events import drawn_event
from tests.support.sealing import ring_of


def times_of(audited: Audited, viewer: UUID) -> Sequence[datetime]:
    """Return when somebody's events happened, the first one first."""
    query = f"SELECT at FROM access_event WHERE actor_id = $1 AND {ONLY_NORTHWIND} ORDER BY at"
    return [row["at"] for row in audited.sql(query, viewer)]


def test_the_list_has_what_the_trail_has_of_sealed_reads_and_of_those_that_wait(
    audited: Audited, tmp_path: Path
) -> None:
    viewer = audited.person("guardian")
    audited.reads_by(viewer, 9)
    audited.seal()
    audited.reads_by(viewer, 6)
    file = tmp_path / "affected.csv"
    found = listed(audited, viewer, file)
    assert found == counted(audited, viewer)
    assert file.stat().st_mode & 0o777 == 0o600
    assert max(row["released"] for row in found) > 1
    assert any(row["denied"] for row in found)
    assert file.read_text().splitlines()[0] == "person_id,field,category,released,denied,first_at,last_at"


def test_the_first_instant_is_in_and_the_last_is_out(audited: Audited, tmp_path: Path) -> None:
    viewer = audited.person("minor")
    audited.reads_by(viewer, 4)
    audited.seal()
    audited.reads_by(viewer, 3)
    times = times_of(audited, viewer)
    for number, (first, last) in enumerate([(1, 5), (4, 6), (0, 4), (2, 3)]):
        span = {"since": times[first], "until": times[last]}
        found = listed(audited, viewer, tmp_path / f"{number}.csv", **span)
        assert found == counted(audited, viewer, **span), (first, last)
        assert found


def test_a_field_denied_for_two_reasons_in_one_request_counts_once(audited: Audited, tmp_path: Path) -> None:
    viewer, person = audited.person("enterprise_admin"), UUID(int=7)
    tenant_id, first, second = audited.tenant_id(), *list(DenialReason)[:2]
    event = drawn_event(Random(1), tenant_id)
    denied = {("Learner.name", first, first): {person}, ("Learner.name", second, second): {person}}
    event = replace(event, viewer=replace(event.viewer, person_id=viewer), disclosures={}, denials=denied)

    async def add(database: Database) -> None:
        async with database.reading(SystemTask(Task.DEMO, tenant_id)) as session:
            await record(session, event)

    audited.with_database(add)
    assert [(row["released"], row["denied"]) for row in listed(audited, viewer, tmp_path / "one.csv")] == [(0, 1)]


async def _email(audited: Audited, person_id: UUID) -> str:
    connection = await asyncpg.connect(audited.store.superuser_url)
    try:
        master = b64decode((audited.folder / "master-key").read_bytes())
        row = await connection.fetchrow("SELECT * FROM person WHERE id = $1", person_id)
        return str((await ring_of(connection, master)).opened("person", row)["email"])
    finally:
        await connection.close()


def email_of(audited: Audited, person_id: UUID) -> str:
    return audited.with_database(lambda _database: _email(audited, person_id))


def test_a_viewer_is_named_by_address_uuid_or_global_id(audited: Audited) -> None:
    viewer = audited.person("instructor")
    people = {row["person_id"] for row in counted(audited, viewer)}
    email = email_of(audited, viewer)
    for name in (viewer, encode_id("Learner", viewer), encode_id("Actor", viewer), email, email.upper()):
        ended = asked(audited, name)
        assert ended.returncode == 0, ended.stderr
        assert f"{len(people)} people, {len(counted(audited, viewer))} fields of theirs." in ended.stderr
        assert all(person in ended.stdout for person in people)


def test_staff_are_found_by_their_address_and_their_reads_at_a_console_too(audited: Audited, tmp_path: Path) -> None:
    assert audited.export("-").returncode == 0
    query = f"SELECT actor_id FROM access_event WHERE policy_version = 'console' AND {ONLY_NORTHWIND} ORDER BY at DESC"
    staff = audited.sql(query)[0]["actor_id"]
    expected = counted(audited, staff)
    assert {row["field"] for row in expected} == {"AccessEvent.actor", "AccessEvent.subjects"}
    assert listed(audited, email_of(audited, staff), tmp_path / "staff.csv") == expected  # type: ignore[arg-type] # staff have one


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        ("nobody@example.org", "Nobody has this address, in the tenant or among the platform's staff: give an id."),
        ("nobody", "--viewer is an email address, a UUID or a global id."),
    ],
)
def test_a_viewer_who_is_nobody_is_refused_in_a_line(audited: Audited, viewer: str, told: str) -> None:
    assert told in said(asked(audited, viewer))


def test_somebody_without_a_read_has_an_empty_list(audited: Audited, tmp_path: Path) -> None:
    ended = asked(audited, UUID(int=5_000), "--csv", str(tmp_path / "nothing.csv"))
    assert ended.returncode == 0
    assert "0 people, 0 fields of theirs." in ended.stderr
    assert rows_of(tmp_path / "nothing.csv") == []


def test_a_file_that_is_there_is_refused_and_left_as_it_is(audited: Audited, tmp_path: Path) -> None:
    file = tmp_path / "there.csv"
    file.write_text("dear diary")
    told = said(asked(audited, audited.person("instructor"), "--csv", str(file)))
    assert f"{file} cannot be written: File exists. Name a file that is not there." in told
    assert file.read_text() == "dear diary"


def test_the_look_is_on_record_with_its_case_the_viewer_and_the_people(audited: Audited) -> None:
    viewer, before = audited.person("instructor"), datetime.now(UTC) - timedelta(seconds=1)
    people = {row["person_id"] for row in counted(audited, viewer)}
    assert asked(audited, viewer).returncode == 0
    looks = "operation = 'sextrontgen audit affected' AND case_id IS NOT NULL"
    [row] = audited.sql(
        f"SELECT * FROM access_event WHERE at > $1 AND {looks} AND {ONLY_NORTHWIND} ORDER BY at DESC LIMIT 1", before
    )
    cases = {one.case_id: role for role, one in audited.cast["northwind"].items() if one.case_id is not None}
    role = cases[row["case_id"]]
    assert row["actor_id"] == audited.person(role)
    assert row["purpose"] == {"security": "SECURITY_REVIEW", "privacy": "PRIVACY_REQUEST"}[role]
    shown = audited.sql(FIELDS.replace("{where}", "id = $1"), row["id"])
    assert {(each["field"], each["subject"]) for each in shown} == {
        ("AccessEvent.actor", str(viewer)),
        *(("AccessEvent.subjects", person) for person in people),
    }


def test_what_cannot_be_put_on_record_is_not_shown(audited: Audited, tmp_path: Path) -> None:
    audited.sql("REVOKE INSERT ON access_event FROM sextrontgen_app")
    try:
        ended = asked(audited, audited.person("instructor"), "--csv", str(tmp_path / "list.csv"))
    finally:
        audited.sql("GRANT INSERT ON access_event TO sextrontgen_app")
    assert said(ended) == "sextrontgen: The read could not be put on record, so nothing is shown."
    assert ended.stdout == ""
    assert not (tmp_path / "list.csv").exists()
