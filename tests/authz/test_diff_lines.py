"""Differences as a reviewer and a program read them."""

from pathlib import Path

import pytest

from authz.diff_lines import Report
from authz.loading import POLICY_FOLDER, Policy, load
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

TENANT = "0192f000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(POLICY_FOLDER, CATALOGUE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def report(old: Policy, folder: Path, *, with_lines: bool = False) -> Report:
    return Report(old, load(folder, CATALOGUE), with_lines=with_lines)


def test_a_reviewer_reads_sentences_with_the_lines_of_both_sides(shipped: Policy, folder: Path) -> None:
    gained = appended(folder, "learner.csv", "p, role:instructor, *, Learner#CONTACT, read, adult, *, allow")
    lost = replaced(folder, "seat.csv", "p, role:support,          *, Seat#CONTACT,    read, adult,      *, allow", "#")
    found = report(shipped, folder)
    assert found.differs
    assert list(found.grouped()) == [
        "WIDENED: not allowed before, allowed after (2 cells)",
        "",
        "+ instructor may read Learner.email, Learner.phone (adult; for every purpose)",
        "    before  -                        nothing said",
        f"    after   {gained:<24} role:instructor, *, Learner#CONTACT, read, adult, *, allow",
        "",
        "NARROWED: allowed before, not allowed after (2 cells)",
        "",
        "- support may no longer read Seat.email (adult; for every purpose)",
        f"    before  {lost:<24} role:support, *, Seat#CONTACT, read, adult, *, allow",
        "    after   -                        nothing said",
        "",
    ]


def test_another_line_is_shown_where_asked_for_and_counted_always(shipped: Policy, folder: Path) -> None:
    old = "p,         role:support,          *, Learner#GUARDIANSHIP, read, any,        *,                allow"
    before = replaced(folder, "learner.csv", old, "#")
    after = appended(folder, "learner.csv", "p, role:support, *, Learner.minor, read, any, *, allow")
    appended(folder, "learner.csv", "p, role:support, *, Learner.guardians, read, any, *, allow")
    quiet, told = report(shipped, folder), report(shipped, folder, with_lines=True)
    assert (quiet.differs, list(quiet.grouped()), list(quiet.plain())) == (False, [], [])
    assert "8 with the same answer by another line (--lines shows them);" in quiet.summary()
    assert told.differs
    assert "8 with the same answer by another line;" in told.summary()
    lines = list(told.grouped())
    assert lines[0] == "SAME ANSWER, OTHER LINE (8 cells)"
    assert lines[2:5] == [
        "~ support may, as before, read Learner.minor (adult, minor; for every purpose)",
        f"    before  {before:<24} role:support, *, Learner#GUARDIANSHIP, read, any, *, allow",
        f"    after   {after:<24} role:support, *, Learner.minor, read, any, *, allow",
    ]
    assert len(list(told.plain())) == 8


def test_one_tenant_and_what_may_be_granted_are_said_as_that(shipped: Policy, folder: Path) -> None:
    appended(folder, "seat.csv", f"p, role:support, {TENANT}, Seat.status, read, adult, *, deny")
    appended(folder, "seat.csv", "grantable, role:seat_manager, *, Seat.email, read, adult, *, allow")
    lines = " ".join(line.strip() for line in report(shipped, folder).grouped())
    assert f"- support may no longer read Seat.status (adult; for every purpose; in tenant {TENANT} alone)" in lines
    assert "+ seat_manager may be granted to read Seat.email (adult; for every purpose)" in lines


def test_a_plain_line_names_the_cell_and_both_sides(shipped: Policy, folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:support, *, Learner.lastIp, read, adult, SUPPORT_CASE, allow")
    cell = "widened\t*\tread\tSUPPORT\tLearner.lastIp\tadult\tSUPPORT_CASE"
    assert list(report(shipped, folder).plain()) == [f"{cell}\t-\t-\t+\t{place}"]


def test_a_long_list_of_fields_is_wrapped_and_no_word_is_cut(shipped: Policy, folder: Path) -> None:
    replaced(folder, "enrollment.csv", "role:support,      *, Enrollment#LEARNING", "role:ward, *, Enrollment#LEARNING")
    lines = list(report(shipped, folder).grouped())
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 118
    assert {field for field in CATALOGUE["Enrollment"] if any(f"Enrollment.{field}" in line for line in lines)} == {
        field for field, category in CATALOGUE["Enrollment"].items() if category == "LEARNING"
    }


def test_the_summary_counts_cells_and_names_the_versions(shipped: Policy, folder: Path) -> None:
    same = Report(shipped, shipped, with_lines=True)
    assert not same.differs
    assert same.summary() == (
        f"0 cells widened, 0 narrowed, 0 with the same answer by another line; version {shipped.version} on both sides."
    )
    appended(folder, "learner.csv", "p, role:instructor, *, Learner.phone, read, adult, *, allow")
    found = report(shipped, folder).summary()
    assert found.startswith("1 cell widened, 0 narrowed, ")
    assert found.endswith(f"; version {shipped.version} -> {load(folder, CATALOGUE).version}.")
