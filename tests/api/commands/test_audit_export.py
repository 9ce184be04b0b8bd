"""`audit export` at a terminal: whole, cut off and gone on with, refused, and on record before anything leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from uuid import UUID

import pytest

from tests.api.commands.audited import TICKET, Audited, said
from tests.api.commands.exports import ONLY_NORTHWIND, exports_on_record, is_verified, lines_of


def events_of(export: bytes) -> list[dict[str, Any]]:
    return [line["event"] for line in lines_of(export) if line["kind"] == "event"]


def test_an_export_is_a_file_of_its_owner_alone_that_verifies(audited: Audited, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    arguments = ("--tenant", "northwind", "--case", TICKET)
    ended = audited.start("export", str(file), *arguments)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    header, *_, last = lines_of(file.read_bytes())
    size = header["size"]
    assert (header["first"], last) == (0, {"kind": "end", "positions": size, "size": size})
    assert f"{size} positions, 0 to {size - 1}, up to a checkpoint of {size} leaves." in ended.stderr
    assert is_verified(audited, file)
    streamed = audited.start("export", "-", *arguments)
    assert streamed.returncode == 0
    assert streamed.stdout.split("\n")[1:] == file.read_text().split("\n")[1:]
    assert f"{size} positions" in streamed.stderr


@contextmanager
def closed(audited: Audited, *roles: str) -> Iterator[None]:
    """Let northwind's cases of staff in `roles` be closed."""
    close = f"UPDATE staff_case SET closed_at = {{}} WHERE staff_role = ANY($1) AND {ONLY_NORTHWIND}"
    audited.sql(close.format("now()"), list(roles))
    try:
        yield
    finally:
        audited.sql(close.format("NULL"), list(roles))


def test_without_an_open_case_of_security_or_privacy_staff_nothing_leaves(audited: Audited, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    other = audited.run("export", str(file), "--tenant", "northwind", "--case", "DEMO-2")
    assert "There is no open case 'DEMO-2' of security or privacy staff in this tenant" in said(other)
    with closed(audited, "SECURITY", "PRIVACY"):
        assert "There is no open case 'DEMO-1'" in said(audited.export(file))
        assert audited.export(tmp_path / "riverside.jsonl", slug="riverside").returncode == 0
    for role, left in (("SECURITY", "privacy"), ("PRIVACY", "security")):
        with closed(audited, role):
            assert audited.export("-").returncode == 0
        assert exports_on_record(audited)[-1]["actor_id"] == audited.person(left)
    assert not file.exists()


@pytest.mark.parametrize("days", [100, -100])
def test_a_case_that_is_over_or_not_yet_open_is_none(audited: Audited, tmp_path: Path, days: int) -> None:
    move = f"UPDATE staff_case SET opened_at = opened_at + $1, expires_at = expires_at + $1 WHERE {ONLY_NORTHWIND}"
    audited.sql(move, timedelta(days=days))
    try:
        assert "There is no open case 'DEMO-1'" in said(audited.export(tmp_path / "export.jsonl"))
    finally:
        audited.sql(move, timedelta(days=-days))


def test_an_export_is_on_record_with_its_case_and_everybody_in_it(audited: Audited, tmp_path: Path) -> None:
    before = len(exports_on_record(audited))
    ended = audited.export("-", "--from", "2020-01-01", "--to", "2100-01-01T00:00:00+02:00")
    events = events_of(ended.stdout.encode())
    [row] = exports_on_record(audited)[before:]
    cast = audited.cast["northwind"]
    member = next(one for one in (cast["security"], cast["privacy"]) if one.person_id == row["actor_id"])
    assert row["case_id"] == member.case_id
    assert row["purpose"] == {"security": "SECURITY_REVIEW", "privacy": "PRIVACY_REQUEST"}[member.role]
    assert (row["capacities"], row["outcome"]) == ([member.role.upper()], "RELEASED")
    shown = {field: set(part["subjects"]) for part in row["disclosures"] for field in part["fields"]}
    parts = [part for event in events for part in (*event["disclosures"], *event["denials"])]
    assert shown == {
        "AccessEvent.actor": {event["actor_id"] for event in events},
        "AccessEvent.subjects": {person for part in parts for person in part["subjects"]},
    }
    assert UUID(row["request_id"]).version == 7


def test_what_cannot_be_put_on_record_does_not_leave(audited: Audited, whole: Path, tmp_path: Path) -> None:
    file, cut = tmp_path / "export.jsonl", tmp_path / "cut.jsonl"
    part = b"".join(whole.read_bytes().splitlines(keepends=True)[:9])
    cut.write_bytes(part + b"{")
    audited.sql("REVOKE INSERT ON access_event FROM sextrontgen_app")
    try:
        refused = [audited.export(file), audited.export("-"), audited.export(cut)]
    finally:
        audited.sql("GRANT INSERT ON access_event TO sextrontgen_app")
    for ended in refused:
        assert "could not be put on record, so no more was written" in said(ended)
    assert [line["kind"] for line in lines_of(file.read_bytes())] == ["trail"]
    assert [line["kind"] for line in lines_of(refused[1].stdout.encode())] == ["trail"]
    assert cut.read_bytes() == part
    assert audited.export(file).returncode == 0
    assert is_verified(audited, file)


def span_of(ended: CompletedProcess[str]) -> tuple[int, int]:
    header, *_ = lines_of(ended.stdout.encode())
    return header["first"], header["size"]


def test_from_and_to_choose_the_positions_up_to_a_checkpoint(audited: Audited, tmp_path: Path) -> None:
    at = {row[0]: row[1] for row in audited.sql(f"SELECT position, at FROM trail_leaf WHERE {ONLY_NORTHWIND}")}
    query = f"SELECT size, at FROM trail_checkpoint WHERE {ONLY_NORTHWIND} ORDER BY 1"
    signed = [(row[0], row[1]) for row in audited.sql(query)]
    for first, last in ((0, 3), (7, 7), (5, 34), (6, 36)):
        until = at[last + 1].isoformat()
        ended = audited.export("-", "--from", at[first].isoformat(), "--to", until)
        before = max((size for size, time in signed if time < at[first]), default=0)
        covering = next(size for size, time in signed if size > last and time >= at[last + 1])
        assert span_of(ended) == (min(first, before), covering), (first, last)
        (tmp_path / "part.jsonl").write_text(ended.stdout)
        assert is_verified(audited, tmp_path / "part.jsonl")
    assert "No sealed event is of that time" in said(audited.export("-", "--from", "2100-01-01"))
    assert "No sealed event is of that time" in said(audited.export("-", "--to", "2020-01-01T00:00:00Z"))


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_what_is_no_instant_is_refused_before_anything_is_opened(audited: Audited, tmp_path: Path, option: str) -> None:
    for bad in ("yesterday", "2026-02-30", "2026-03-01T25:00"):
        ended = audited.export(tmp_path / "export.jsonl", option, bad)
        assert ended.returncode == 2
        assert "an instant is written like 2026-03-01" in " ".join(ended.stderr.split())
    assert not (tmp_path / "export.jsonl").exists()
