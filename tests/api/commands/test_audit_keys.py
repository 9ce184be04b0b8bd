"""`audit keys`, `audit seal`, and reads at a console as a server sees them, beside a demo that is serving."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import asyncpg
import pytest
from cryptography.exceptions import InvalidSignature

from tests.api.commands.audited import TICKET, Audited, said
from tests.api.commands.programs import PATIENCE, Demo
from tests.api.commands.rfc9162 import opened_by, signatures_in
from tests.api.commands.test_keys import data_of, email
from tests.api.commands.within import run_within

NOTES = """SELECT note FROM trail_checkpoint JOIN tenant_directory USING (tenant_id)
    WHERE slug = 'northwind' ORDER BY size DESC"""


def audit(demo: Demo, *arguments: str) -> CompletedProcess[str]:
    """Run a command beside the server."""
    return run_within("audit", *arguments, "--data", data_of(demo))


async def notes_in(demo: Demo) -> list[str]:
    """Return northwind's checkpoints, the newest first."""
    connection = await asyncpg.connect(demo.tokens["database"])
    try:
        return [row["note"] for row in await connection.fetch(NOTES)]
    finally:
        await connection.close()


def signed_after_a_read(demo: Demo) -> str:
    """Let the server answer somebody, and return the checkpoint that it signs for it."""
    before = asyncio.run(notes_in(demo))
    assert email(demo)
    end = time.monotonic() + PATIENCE
    while (now := asyncio.run(notes_in(demo)))[:1] == before[:1]:
        assert time.monotonic() < end
        time.sleep(0.2)
    return now[0]


def is_opened_by(key: str, note: str) -> bool:
    try:
        opened_by(key, note)
    except (ValueError, InvalidSignature):
        return False
    return True


def keys_of(demo: Demo) -> list[str]:
    printed = audit(demo, "keys", "--tenant", "northwind")
    assert printed.returncode == 0, printed.stderr
    return printed.stdout.splitlines()


def test_the_signing_key_is_replaced_beside_a_server_that_goes_on_sealing(served: Demo) -> None:
    [old] = keys_of(served)
    alone = signed_after_a_read(served)
    assert signatures_in(alone) == 1
    assert "no other to retire" in said(audit(served, "keys", "--retire"))
    assert "Choose one" in said(audit(served, "keys", "--rotate", "--retire"))
    assert keys_of(served) == [old]

    begun = audit(served, "keys", "--rotate")
    assert begun.returncode == 0, begun.stderr
    new, still = keys_of(served)
    assert still == old
    assert Path(data_of(served), "trail-keys.pem").stat().st_mode & 0o777 == 0o600
    both = signed_after_a_read(served)
    assert signatures_in(both) == 2
    assert opened_by(old, both) == opened_by(new, both)

    ended = audit(served, "keys", "--retire")
    assert ended.returncode == 0, ended.stderr
    assert keys_of(served) == [new, old]
    last = signed_after_a_read(served)
    assert signatures_in(last) == 1
    assert [is_opened_by(key, last) for key in (new, old)] == [True, False]
    assert [is_opened_by(key, alone) for key in (new, old)] == [False, True]
    verified = audit(served, "verify")
    assert verified.returncode == 0, verified.stderr
    assert "no other to retire" in said(audit(served, "keys", "--retire"))


def test_keys_are_told_for_each_tenant(served: Demo) -> None:
    lines = audit(served, "keys").stdout.splitlines()
    alone = keys_of(served)
    assert set(alone) < set(lines)
    assert len(lines) == 3 * len(alone)
    assert len({line.partition("+")[0] for line in lines}) == 3
    assert "There is no tenant 'nowhere'" in said(audit(served, "keys", "--tenant", "nowhere"))


def look(demo: Demo, operation: str) -> dict[str, Any]:
    """Return the newest event of an operation, as security staff find it."""
    query = f"""{{ accessEvents(first: 1, filter: {{operation: "{operation}"}}) {{ nodes {{
        case purpose outcome subjectCount disclosures {{ field }} }} }} }}"""
    answer = demo.ask(demo.token("northwind", "security"), query).json()
    assert "errors" not in answer, answer
    [node] = answer["data"]["accessEvents"]["nodes"]
    found: dict[str, Any] = node
    return found


def test_reads_at_a_console_are_found_among_the_access_events(served: Demo) -> None:
    signed_after_a_read(served)
    under = ("--tenant", "northwind", "--case", TICKET)
    learner = served.tokens["tenants"]["northwind"]["learner"]["id"]
    times = ("--from", "2020-01-01", "--to", "2100-01-01")
    for arguments in (("export", "-", *under), ("affected", *under, "--viewer", learner, *times)):
        ended = audit(served, *arguments)
        assert ended.returncode == 0, ended.stderr
        found = look(served, f"sextrontgen audit {arguments[0]}")
        assert (found["case"], found["outcome"]) == (TICKET, "RELEASED")
        assert found["purpose"] in ("SECURITY_REVIEW", "PRIVACY_REQUEST")
        assert {part["field"] for part in found["disclosures"]} >= {"AccessEvent.actor", "AccessEvent.subjects"}
        assert found["subjectCount"] >= 1


def test_what_waits_is_sealed_at_once_and_said(audited: Audited) -> None:
    audited.run("seal")
    audited.reads_by(audited.person("learner"), 3)
    ended = audited.run("seal")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "3 events sealed; nothing waits." in ended.stderr
    assert audited.sql("SELECT 1 FROM unsealed_event") == []
    again = audited.run("seal")
    assert again.returncode == 0
    assert "0 events sealed; nothing waits." in again.stderr
    assert "partitions" not in again.stderr


def test_months_are_made_where_they_are_missing_and_that_is_said(audited: Audited) -> None:
    ahead = "to_char(now() AT TIME ZONE 'UTC' + interval '3 months', 'YYYY_MM')"
    [row] = audited.sql(f"SELECT format('access_event_2y_%s', {ahead}) AS part")
    audited.sql(f"DROP TABLE {row['part']}")
    assert "1 partitions made, 0 dropped." in audited.run("seal").stderr
    assert audited.sql("SELECT to_regclass($1) AS part", row["part"])[0]["part"] is not None


@contextmanager
def waiting(audited: Audited) -> Iterator[None]:
    """Let an event wait."""
    audited.reads_by(audited.person("learner"), 1)
    yield
    assert "1 events sealed" in audited.run("seal").stderr


def test_what_cannot_be_sealed_is_said_and_goes_on_waiting(audited: Audited, tmp_path: Path) -> None:
    audited.run("seal")
    file = tmp_path / "file"
    file.write_text("")
    with waiting(audited):
        refused = audited.run("seal", SEXTRONTGEN_CHECKPOINTS=str(file))
        assert f"SEXTRONTGEN_CHECKPOINTS: {file}" in said(refused)
        absent = {"SEXTRONTGEN_TRAIL_KEYS": str(tmp_path / "none"), "SEXTRONTGEN_ENVIRONMENT": "production"}
        assert "SEXTRONTGEN_TRAIL_KEYS" in said(audited.run("seal", **absent))
        url = audited.store.settings.database_url
        assert url is not None
        master = str(audited.folder / "master-key")
        outside = {"DATABASE_URL": url.get_secret_value(), "SEXTRONTGEN_MASTER_KEY": master}
        assert "SEXTRONTGEN_TRAIL_KEYS is not set" in said(run_within("audit", "seal", **outside))
        outside["SEXTRONTGEN_TRAIL_KEYS"] = str(audited.folder / "trail-keys.pem")
        assert "SEXTRONTGEN_CHECKPOINTS is not set" in said(run_within("audit", "seal", **outside))
    assert audited.run("verify").returncode == 0


@pytest.mark.parametrize("option", ["--rotate", "--retire"])
def test_keys_that_others_may_read_are_left_as_they_are(audited: Audited, option: str) -> None:
    keys = audited.folder / "trail-keys.pem"
    before = keys.read_bytes()
    keys.chmod(0o644)
    try:
        assert "may be read by others" in said(audited.run("keys", option))
    finally:
        keys.chmod(0o600)
    assert keys.read_bytes() == before
