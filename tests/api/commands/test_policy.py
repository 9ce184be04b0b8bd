"""The commands that look at the policy: what a reviewer and a script get from them."""

import re
from pathlib import Path

import pytest

from api.cli import app
from api.commands import policy
from api.commands.terminal import CommandError
from api.reading.declare import entities_of
from api.schema.build import build_schema, catalogue
from authz.loading import POLICY_FOLDER, load
from tests.api.commands.programs import run
from tests.authz.example import appended, copy_of_the_policy, replaced
from tests.support.keys import MASTER_KEYS

WIDER = "p, role:instructor, *, Learner.phone, read, adult, *, allow"
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def diff(old: Path, new: Path, *, as_lines: bool = False, with_lines: bool = False) -> int:
    return policy.diff(old, new, as_lines=as_lines, with_lines=with_lines)


def test_the_exit_status_tells_a_script_what_it_is(folder: Path) -> None:
    same = run("policy", "diff", str(folder))
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.startswith("0 cells widened, 0 narrowed, 0 with the same answer by another line; ")
    appended(folder, "learner.csv", WIDER)
    differs = run("policy", "diff", str(POLICY_FOLDER), str(folder), "--plain")
    assert differs.returncode == 1
    assert differs.stdout.startswith(
        "widened\t*\tread\tINSTRUCTOR\tLearner.phone\tadult\tTEACHING\t-\t-\t+\tlearner.csv:"
    )
    assert differs.stderr.startswith("1 cell widened, 0 narrowed, ")
    place = appended(folder, "learner.csv", "nonsense")
    broken = run("policy", "diff", str(folder))
    assert (broken.returncode, broken.stdout) == (2, "")
    assert f"OLD, the folder {folder}, is no policy" in broken.stderr
    assert f"{place}: expected" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_a_reviewer_sees_what_is_widened_first(folder: Path, capsys: Printed) -> None:
    appended(folder, "learner.csv", WIDER)
    replaced(folder, "seat.csv", "p, role:support,          *, Seat#CONTACT", "#")
    assert diff(POLICY_FOLDER, folder) == 1
    printed = capsys.readouterr().out
    widened, narrowed = printed.index("+ instructor may read Learner.phone"), printed.index("- support may no longer")
    assert widened < narrowed < printed.index("1 cell widened, 2 narrowed")


def test_a_cell_with_the_same_answer_by_another_line_counts_where_lines_are_asked_for(folder: Path) -> None:
    replaced(folder, "learner.csv", "role:ward,             *, Learner#IDENTITY", "role:ward, *, Learner.name")
    appended(folder, "learner.csv", "p, role:ward, *, Learner.pictureUrl, read, any, *, allow")
    assert diff(POLICY_FOLDER, folder) == 0
    assert diff(POLICY_FOLDER, folder, with_lines=True) == 1


def test_a_folder_from_before_a_type_came_to_be_is_compared_and_that_is_said(folder: Path, capsys: Printed) -> None:
    (folder / "seat_pool.csv").unlink()
    assert diff(folder, POLICY_FOLDER) == 1
    printed = capsys.readouterr()
    assert f"{folder} says nothing of SeatPool, which the schema has: it counts as not allowed there." in printed.err
    assert "+ enterprise_admin, seat_manager, support, privacy may read SeatPool.id (adult, minor;" in printed.out


def test_what_would_not_start_is_refused_as_the_new_one(folder: Path) -> None:
    (folder / "seat_pool.csv").unlink()
    with pytest.raises(CommandError) as refused:
        diff(POLICY_FOLDER, folder)
    assert refused.value.status == 2
    assert refused.value.lines == (
        f"NEW, the folder {folder}, is no policy for the schema of this program:",
        "  seat_pool.csv: missing",
    )


def test_both_folders_are_named_where_both_cannot_be_loaded(folder: Path, tmp_path: Path) -> None:
    place = replaced(folder, "seat.csv", "Seat.lastUsedAt", "Seat.colour")
    with pytest.raises(CommandError) as refused:
        diff(tmp_path / "none", folder)
    assert [line.split(",")[0] for line in refused.value.lines if not line.startswith(" ")] == ["OLD", "NEW"]
    assert "  the policy's folder cannot be read: No such file or directory" in refused.value.lines
    assert f"  {place}: unknown field Seat.colour" in refused.value.lines


def test_the_heat_map_is_written_to_a_file_or_printed(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "policy.html"
    written = run("policy", "matrix", "--html", str(file))
    assert (written.returncode, written.stdout) == (0, ""), written.stderr
    policy.heat_map(None)
    printed = capsys.readouterr().out
    assert printed == file.read_text(encoding="utf-8")
    assert printed.startswith("<!doctype html>")
    assert re.search(r"Policy version <code>[0-9a-f]{32}</code>", printed)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--html", "--lines"], "Choose one"),
        (["file.html"], "Choose one"),
        (["--html", "nowhere/file.html"], r"nowhere/file\.html cannot be written: No such file or directory\."),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(arguments: list[str], says: str, capsys: Printed) -> None:
    with pytest.raises(CommandError, match=says) as refused:
        app(["policy", "matrix", *arguments], standalone_mode=False)
    assert len(refused.value.lines) == 1
    assert capsys.readouterr().out == ""


def test_the_commands_look_at_the_policy_that_the_server_would_serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTRONTGEN_POLICY", str(folder))
    place = appended(folder, "learner.csv", WIDER)
    assert f"Yes: {place}" in policy.why("instructor", "Learner.phone")
    assert load(folder, catalogue(entities_of(build_schema()))).version in policy.check()
    place = appended(folder, "learner.csv", "nonsense")
    for command in (policy.check, lambda: policy.matrix(as_lines=True), lambda: policy.heat_map(None)):
        with pytest.raises(CommandError, match=place):
            command()


def test_serving_by_several_workers_without_a_sound_policy_names_its_problems(
    folder: Path, tmp_path: Path, database_url: str
) -> None:
    from domain.accounts.keys import new_key
    from tenants.secret_files import write_secret

    write_secret(tmp_path / "keys.pem", new_key())
    place = appended(folder, "learner.csv", "nonsense")
    ended = run(
        "serve",
        DATABASE_URL=database_url,
        SEXTRONTGEN_TOKEN_KEYS=str(tmp_path / "keys.pem"),
        SEXTRONTGEN_MASTER_KEYS=MASTER_KEYS,
        SEXTRONTGEN_TRAIL_KEYS=str(tmp_path / "keys.pem"),
        SEXTRONTGEN_CHECKPOINTS=str(tmp_path / "checkpoints"),
        SEXTRONTGEN_POLICY=str(folder),
        SEXTRONTGEN_PORT="0",
        SEXTRONTGEN_WORKERS="2",
    )
    assert ended.returncode == 1
    assert f"SEXTRONTGEN_POLICY {folder}: {place}" in ended.stderr
    assert "Traceback" not in ended.stderr
