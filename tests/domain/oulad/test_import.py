"""What an import writes, what a second one leaves alone, and what no import does."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from domain.oulad.problems import OuladError
from domain.oulad.service import import_oulad
from domain.oulad.writer import TableCount, Tally, writing
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.domain.oulad.files import Files, expected_enrolments, read, small_files, start
from tests.domain.oulad.reading import ask, counts, enrolments, quiet
from tests.support.cluster import Urls
from tests.support.sealing import opened_rows, ring_of


def expected_counts(files: Files) -> dict[str, int]:
    """Return how many rows the files make, the instructors of the two modules included."""
    lines = {name: len(rows) - 1 for name, rows in files.rows.items()}
    people = len({row[2] for row in files.rows["studentInfo.csv"][1:]}) + 2
    return {
        "course": lines["courses.csv"],
        "person": people,
        "membership": people,
        "role_grant": 2,
        "teaching": lines["courses.csv"],
        "assessment": lines["assessments.csv"],
        "enrollment": lines["studentInfo.csv"],
        "assessment_result": lines["studentAssessment.csv"],
    }


async def change(database: Database, tenant: TenantId, statement: str) -> None:
    async with database.writing(SystemTask(Task.IMPORT, tenant)) as session:
        assert await session.change(text(statement)) > 0


async def test_every_row_of_the_files_is_there_after_an_import(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    files = small_files()
    report = await import_oulad(database, files.write(tmp_path), tenant, quiet)
    expected = expected_counts(files)
    assert await counts(database, tenant) == expected
    assert report.tables == {name: TableCount(number, number) for name, number in expected.items()}


async def test_an_enrolment_is_what_an_independent_computation_makes_of_the_files(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    await import_oulad(database, small_files().write(tmp_path), tenant, quiet)
    assert await enrolments(database, tenant) == expected_enrolments(tmp_path)


async def test_a_course_is_a_presentation_taught_by_its_modules_instructor(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    await import_oulad(database, small_files().write(tmp_path), tenant, quiet)
    query = """
        SELECT course.external_id, code, course.title, presentation, starts_on, length_days, person.external_id, role
        FROM course JOIN teaching ON course_id = course.id JOIN person ON person.id = teaching.person_id
        JOIN role_grant ON role_grant.person_id = person.id
    """
    assert {tuple(row) for row in await ask(database, tenant, query)} == {
        (
            f"oulad:{row['code_module']}:{row['code_presentation']}",
            row["code_module"],
            f"Module {row['code_module']}",
            row["code_presentation"],
            start(row["code_presentation"]),
            int(row["module_presentation_length"]),
            f"oulad:instructor:{row['code_module']}",
            "INSTRUCTOR",
        )
        for row in read(tmp_path, "courses.csv")
    }


async def test_assessments_and_results_are_as_in_the_files(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    await import_oulad(database, small_files().write(tmp_path), tenant, quiet)
    query = """
        SELECT assessment.external_id, person.external_id, course.external_id, kind, due_day, weight, banked, score,
               submitted_on - starts_on
        FROM assessment_result JOIN assessment ON assessment.id = assessment_id
        JOIN course ON course.id = course_id JOIN enrollment ON enrollment.id = enrollment_id
        JOIN person ON person.id = learner_id
    """
    kinds = {"TMA": "TUTOR_MARKED", "CMA": "COMPUTER_MARKED", "Exam": "EXAM"}
    assessments = {row["id_assessment"]: row for row in read(tmp_path, "assessments.csv")}
    expected = set()
    for row in read(tmp_path, "studentAssessment.csv"):
        of = assessments[row["id_assessment"]]
        expected.add(
            (
                f"oulad:{row['id_assessment']}",
                f"oulad:{row['id_student']}",
                f"oulad:{of['code_module']}:{of['code_presentation']}",
                kinds[of["assessment_type"]],
                None if of["date"] == "?" else int(of["date"]),
                float(of["weight"]),
                row["is_banked"] == "1",
                float(row["score"]) if row["score"] else None,
                int(row["date_submitted"]),
            )
        )
    assert {tuple(row) for row in await ask(database, tenant, query)} == expected


async def test_a_person_has_what_their_latest_presentation_says_and_is_an_adult(
    database: Database, urls: Urls, tenant: TenantId, tmp_path: Path
) -> None:
    await import_oulad(database, small_files().write(tmp_path), tenant, quiet)
    columns = ("education", "gender", "age_band", "region", "disability", "deprivation_band")
    found = {
        row["external_id"]: tuple(row[name] for name in columns)
        for row in await opened_rows(urls.superuser, "person", tenant)
        if (row["minor"], row["restricted"], row["language"], row["birth_date"]) == (False, False, "en", None)
        and row["email"].endswith("@students.open-university.example")
    }
    latest = {}
    for row in sorted(
        read(tmp_path, "studentInfo.csv"), key=lambda row: (start(row["code_presentation"]), row["code_module"])
    ):
        latest[f"oulad:{row['id_student']}"] = (
            row["highest_education"],
            {"F": "Female", "M": "Male"}[row["gender"]],
            row["age_band"],
            row["region"],
            row["disability"] == "Y",
            None if row["imd_band"] == "?" else row["imd_band"],
        )
    assert found == latest


async def test_a_course_without_assessments_gives_no_progress(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    files = small_files()
    dropped = {row[2] for row in files.rows["assessments.csv"] if row[:2] == ["QQQ", "2013B"]}
    for name in ("assessments.csv", "studentAssessment.csv"):
        column = files.rows[name][0].index("id_assessment")
        files.rows[name] = [row for row in files.rows[name] if row[column] not in dropped]
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    query = "SELECT DISTINCT progress FROM enrollment JOIN course ON course.id = course_id WHERE "
    assert [row[0] for row in await ask(database, tenant, query + "course.external_id = 'oulad:QQQ:2013B'")] == [None]


async def test_a_second_import_changes_nothing(database: Database, tenant: TenantId, tmp_path: Path) -> None:
    files = small_files()
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    before = await ask(database, tenant, "SELECT id, external_id, name, email FROM person ORDER BY id")
    report = await import_oulad(database, tmp_path, tenant, quiet)
    assert report.changed == 0
    assert {name: count.rows for name, count in report.tables.items()} == expected_counts(files)
    assert await counts(database, tenant) == expected_counts(files)
    assert await ask(database, tenant, "SELECT id, external_id, name, email FROM person ORDER BY id") == before


async def test_another_order_of_the_rows_changes_nothing(database: Database, tenant: TenantId, tmp_path: Path) -> None:
    files = small_files()
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    for rows in files.rows.values():
        rows[1:] = reversed(rows[1:])
    report = await import_oulad(database, files.write(tmp_path), tenant, quiet)
    assert report.changed == 0


async def test_a_missing_row_renames_nobody(database: Database, urls: Urls, tenant: TenantId, tmp_path: Path) -> None:
    files = small_files()
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    other = await ensure_tenant(database, "riverside", "Riverside")
    for name in ("studentInfo.csv", "studentRegistration.csv", "studentAssessment.csv"):
        column = files.rows[name][0].index("id_student")
        files.rows[name] = [row for row in files.rows[name] if row[column] != "1000"]
    await import_oulad(database, files.write(tmp_path), other, quiet)
    here, there = [
        {row["external_id"]: (row["name"], row["email"]) for row in await opened_rows(urls.superuser, "person", each)}
        for each in (tenant, other)
    ]
    del here["oulad:1000"]
    assert here == there


async def test_what_a_person_changed_stays_and_what_the_files_say_is_restored(
    database: Database, urls: Urls, tenant: TenantId, tmp_path: Path
) -> None:
    await import_oulad(database, small_files().write(tmp_path), tenant, quiet)
    before = await _somebody(urls, tenant)
    await _give_address(urls, tenant, before["id"], "own@example.com")
    await change(
        database,
        tenant,
        "UPDATE person SET name = 'Own Name', language = 'cy', minor = true,"
        " restricted = true, education = 'Doctorate' WHERE external_id = 'oulad:1000'",
    )
    await change(database, tenant, "UPDATE membership SET left_at = now()")
    report = await import_oulad(database, tmp_path, tenant, quiet)
    assert {name: count.changed for name, count in report.tables.items() if count.changed} == {"person": 1}
    own = {"name": "Own Name", "email": "own@example.com", "language": "cy", "minor": True, "restricted": True}
    assert await _somebody(urls, tenant) == {**before, **own}
    assert await ask(database, tenant, "SELECT 1 FROM membership WHERE left_at IS NULL") == []


async def _somebody(urls: Urls, tenant: TenantId) -> dict[str, Any]:
    (found,) = [
        row for row in await opened_rows(urls.superuser, "person", tenant) if row["external_id"] == "oulad:1000"
    ]
    return found


async def _give_address(urls: Urls, tenant: TenantId, person_id: UUID, address: str) -> None:
    connection = await asyncpg.connect(urls.superuser)
    ring = await ring_of(connection)
    row = ring.sealed("person", {"tenant_id": tenant, "id": person_id, "email": address})
    await connection.execute(
        "UPDATE person SET email = $1, email_hash = $2 WHERE id = $3", row["email"], row["email_hash"], person_id
    )
    await connection.close()


async def test_a_corrected_file_changes_the_rows_that_follow_from_it(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    files = small_files()
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    line = next(n for n, row in enumerate(files.rows["studentAssessment.csv"], 1) if row[4] == "")
    files.set("studentAssessment.csv", line, "score", "99.5")
    files.set("assessments.csv", 2, "weight", "11")
    report = await import_oulad(database, files.write(tmp_path), tenant, quiet)
    changed = {name: count.changed for name, count in report.tables.items() if count.changed}
    assert changed == {"assessment": 1, "enrollment": 1, "assessment_result": 1}
    assert await enrolments(database, tenant) == expected_enrolments(tmp_path)


async def test_a_bad_row_in_the_last_file_loads_nothing_of_any_file(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    files = small_files()
    last = len(files.rows["studentAssessment.csv"])
    files.set("studentAssessment.csv", last, "score", "many")
    with pytest.raises(OuladError, match=f"studentAssessment.csv:{last}: score 'many'"):
        await import_oulad(database, files.write(tmp_path), tenant, quiet)
    assert set((await counts(database, tenant)).values()) == {0}


@pytest.mark.parametrize("damage", [b"\n", b"501,1000,5,0,50\n", b"7,7,7,0,7\n", b"\xff\n"])
async def test_results_that_change_between_check_and_load_are_not_loaded_by_half(
    database: Database, tenant: TenantId, tmp_path: Path, damage: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.oulad.writer.BATCH", 20)
    files = small_files()
    path = files.write(tmp_path) / "studentAssessment.csv"

    def meddle(step: str, done: int, total: int) -> None:
        if (step, done) == ("loading studentAssessment.csv", 0):
            with path.open("ab") as file:
                file.write(damage)

    with pytest.raises(OuladError, match="changed while it was being loaded"):
        await import_oulad(database, tmp_path, tenant, meddle)
    assert (await counts(database, tenant))["assessment_result"] == 0
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    assert await counts(database, tenant) == expected_counts(files)


def swap_one_result(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b",0,", b",1,", 1))


@pytest.mark.parametrize("meddle_with", [swap_one_result, Path.unlink])
async def test_results_swapped_for_other_valid_ones_or_removed_before_the_load_are_noticed(
    database: Database, tenant: TenantId, tmp_path: Path, meddle_with: Callable[[Path], None]
) -> None:
    path = small_files().write(tmp_path) / "studentAssessment.csv"

    def meddle(step: str, done: int, total: int) -> None:
        if (step, done) == ("loading studentAssessment.csv", 0):
            meddle_with(path)

    with pytest.raises(OuladError, match="changed while it was being loaded"):
        await import_oulad(database, tmp_path, tenant, meddle)
    assert (await counts(database, tenant))["assessment_result"] == 0


async def test_two_imports_at_once_write_every_row_once(
    database: Database, tenant: TenantId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.oulad.writer.BATCH", 20)
    forward, backward = small_files(), small_files()
    for rows in backward.rows.values():
        rows[1:] = reversed(rows[1:])
    folders = [tmp_path / "forward", tmp_path / "backward"]
    for folder, files in zip(folders, (forward, backward), strict=True):
        folder.mkdir()
        files.write(folder)
    reports = await asyncio.gather(*(import_oulad(database, folder, tenant, quiet) for folder in folders))
    expected = expected_counts(forward)
    assert await counts(database, tenant) == expected
    for name, number in expected.items():
        assert sum(report.tables[name].changed for report in reports) == number
    assert await enrolments(database, tenant) == expected_enrolments(folders[0])


async def test_an_import_waits_while_another_writes_into_its_tenant_and_for_no_other(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    small_files().write(tmp_path)
    other = await ensure_tenant(database, "riverside", "Riverside")
    async with writing(database, tenant, Tally()):
        waiting = asyncio.create_task(import_oulad(database, tmp_path, tenant, quiet))
        report = await import_oulad(database, tmp_path, other, quiet)
        assert report.changed > 0
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert not done
    assert (await waiting).changed == report.changed


async def test_two_tenants_hold_the_data_set_independently(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    files = small_files()
    other = await ensure_tenant(database, "riverside", "Riverside")
    await import_oulad(database, files.write(tmp_path), tenant, quiet)
    assert set((await counts(database, other)).values()) == {0}
    report = await import_oulad(database, tmp_path, other, quiet)
    assert report.changed == sum(expected_counts(files).values())
    assert await counts(database, tenant) == expected_counts(files)


async def test_progress_goes_through_every_file_twice_from_nothing_to_all(
    database: Database, tenant: TenantId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.oulad.writer.BATCH", 20)
    files = small_files()
    told: dict[str, list[tuple[int, int]]] = {}
    await import_oulad(
        database,
        files.write(tmp_path),
        tenant,
        lambda step, done, total: told.setdefault(step, []).append((done, total)),
    )
    assert list(told) == [f"{verb} {name}" for verb in ("checking", "loading") for name in files.rows]
    for name in files.rows:
        size = (tmp_path / name).stat().st_size
        assert (told[f"checking {name}"][0], told[f"checking {name}"][-1]) == ((0, size), (size, size))
    for name, total in (
        ("studentInfo.csv", 40),
        ("studentAssessment.csv", len(files.rows["studentAssessment.csv"]) - 1),
    ):
        steps = told[f"loading {name}"]
        assert steps[0] == (0, total)
        assert steps[-1] == (total, total)
        assert len(steps) > 2
        assert steps == sorted(steps)
