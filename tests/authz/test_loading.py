"""A policy that is not sound does not load, and every problem is named with its file and line."""

from pathlib import Path

import pytest

from authz.lines import MAX_BYTES
from authz.loading import POLICY_FOLDER, PolicyError, load, version_of
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, problems, replaced

LINE = "p, role:instructor, *, Learner.phone, read, adult, *, allow"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def test_the_packaged_policy_loads() -> None:
    assert problems(POLICY_FOLDER) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (LINE.replace("phone", "fone"), "unknown field Learner.fone"),
        (LINE.replace("Learner.phone", "Learner#CONTRACT"), "unknown category CONTRACT"),
        (LINE.replace("Learner.phone", "Learner#SEAT"), "Learner has no field of category SEAT"),
        (LINE.replace("Learner.phone", "Lerner.phone"), "Lerner.phone does not belong into the file of Learner"),
        (LINE.replace("Learner.phone", "Seat.email"), "Seat.email does not belong into the file of Learner"),
        (LINE.replace("Learner.phone", "*"), "* does not belong into the file of Learner"),
        (LINE.replace("Learner.phone", "Learner.*"), "unknown field Learner.*"),
        (LINE.replace("Learner.phone", "Learner.phone.x"), "unknown field Learner.phone.x"),
        (LINE.replace("role:instructor", "role:instrutor"), "unknown role role:instrutor"),
        (LINE.replace("role:instructor", "instructor"), "unknown role instructor"),
        (LINE.replace("role:instructor", "INSTRUCTOR"), "unknown role INSTRUCTOR"),
        (LINE.replace("adult", "ADULT"), "unknown subject ADULT"),
        (LINE.replace("adult", "*"), "unknown subject *"),
        (LINE.replace("*, allow", "TEACHIN, allow"), "unknown purpose TEACHIN"),
        (LINE.replace("*, allow", "SUPPORT_CASE, allow"), "role:instructor may not name SUPPORT_CASE (purposes.csv)"),
        (LINE.replace("read", "reed"), "unknown action reed"),
        (LINE.replace("read", "*"), "unknown action *"),
        (LINE.replace("read", "call"), "call is not what is done to Learner"),
        (LINE.replace("allow", "Allow"), "unknown effect Allow"),
        (LINE.replace("allow", "Deny"), "unknown effect Deny"),
        (LINE.replace("allow", "perhaps"), "unknown effect perhaps"),
        (LINE.replace("p,", "grantable,").replace("allow", "deny"), "only an allow can be grantable"),
        (LINE.replace("*, Learner", "acme, Learner"), "tenant acme is neither * nor a UUID in lower case"),
        (
            LINE.replace("*, Learner", "018F0000-0000-7000-8000-000000000001, Learner").replace("allow", "deny"),
            "tenant 018F0000-0000-7000-8000-000000000001 is neither * nor a UUID in lower case",
        ),
        (
            LINE.replace("*, Learner", "018f0000-0000-7000-8000-000000000001, Learner"),
            "a line for one tenant may only deny",
        ),
        (
            LINE.replace("p,", "grantable,").replace("*, Learner", "018f0000-0000-7000-8000-000000000001, Learner"),
            "a line for one tenant may only deny",
        ),
    ],
)
def test_a_line_in_unknown_words_is_named(folder: Path, line: str, problem: str) -> None:
    place = appended(folder, "learner.csv", line)
    assert f"{place}: {problem}" in problems(folder)


@pytest.mark.parametrize(
    "line",
    [
        LINE.removesuffix(", allow"),
        f"{LINE}, allow",
        f"{LINE},",
        LINE.replace("p,", "q,"),
        LINE.replace("p,", "P,"),
        LINE.replace(",", ";"),
        f"\ufeff{LINE}",
        "allow everything",
        "g, role:instructor, role:self",
    ],
)
def test_a_line_that_is_no_rule_is_named(folder: Path, line: str) -> None:
    place = appended(folder, "learner.csv", line)
    columns = "role, tenant, object, action, subject, purpose, effect"
    assert problems(folder) == [f"{place}: expected `p, {columns}` or the same with `grantable`"]


def test_each_line_that_is_no_rule_is_named_and_so_is_what_is_wrong_after_it(folder: Path) -> None:
    lines = ("nonsense", "p, more nonsense", LINE.replace("phone", "fone"))
    places = [appended(folder, "learner.csv", line) for line in lines]
    assert [problem.split(": ")[0] for problem in problems(folder)] == places


def test_a_line_written_twice_is_named_with_the_first(folder: Path) -> None:
    first = appended(folder, "learner.csv", LINE)
    second = appended(folder, "learner.csv", LINE.replace(", ", ",   "))
    assert problems(folder) == [f"{second}: duplicate of {first}"]


def test_a_field_that_its_category_has_covered_is_a_duplicate(folder: Path) -> None:
    first = appended(folder, "learner.csv", LINE.replace("Learner.phone", "Learner#CONTACT"))
    second = appended(folder, "learner.csv", LINE)
    assert problems(folder) == [f"{second}: duplicate of {first}"]


def test_what_is_in_force_need_not_be_grantable(folder: Path) -> None:
    first = appended(folder, "learner.csv", LINE)
    second = appended(folder, "learner.csv", LINE.replace("p,", "grantable,"))
    assert problems(folder) == [f"{second}: duplicate of {first}"]


@pytest.mark.parametrize(("allowed", "denied"), [("phone", "phone"), ("phone", "#CONTACT"), ("#CONTACT", "#CONTACT")])
def test_a_line_that_contradicts_another_is_named_with_it(folder: Path, allowed: str, denied: str) -> None:
    written = {"phone": "Learner.phone", "#CONTACT": "Learner#CONTACT"}
    first = appended(folder, "learner.csv", LINE.replace("Learner.phone", written[allowed]))
    second = appended(folder, "learner.csv", LINE.replace("Learner.phone", written[denied]).replace("allow", "deny"))
    assert problems(folder) == [f"{second}: contradicts {first}"]


def test_a_field_may_be_denied_out_of_a_category_that_is_allowed(folder: Path) -> None:
    appended(folder, "learner.csv", LINE.replace("Learner.phone", "Learner#CONTACT"))
    appended(folder, "learner.csv", LINE.replace("allow", "deny"))
    assert problems(folder) == []


def test_every_problem_is_named_at_once(folder: Path) -> None:
    places = [appended(folder, name, LINE) for name in ("seat.csv", "actor.csv", "roles.csv")]
    assert {problem.split(": ")[0] for problem in problems(folder)} == set(places)


@pytest.mark.parametrize("name", sorted(path.name for path in POLICY_FOLDER.iterdir()))
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problems(folder) == [f"{name}: missing"]


@pytest.mark.parametrize("name", sorted(path.name for path in POLICY_FOLDER.iterdir()))
def test_an_empty_file_does_not_load(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    found = problems(folder)
    assert any(name in problem for problem in found), found


@pytest.mark.parametrize("name", sorted(path.name for path in POLICY_FOLDER.iterdir()))
def test_a_file_that_is_not_utf_8_is_named_with_the_line(folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content + b"# caf\xe9\n")
    assert problems(folder) == [f"{name}:{content.count(10) + 1}: not UTF-8"]


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "seat.csv").unlink()
    (folder / "seat.csv").mkdir()
    assert [problem.split(":")[0] for problem in problems(folder)] == ["seat.csv"]


def test_a_file_of_unreasonable_size_is_named(folder: Path) -> None:
    (folder / "seat.csv").write_bytes(b"#" * (MAX_BYTES + 1))
    assert problems(folder) == [f"seat.csv: larger than {MAX_BYTES} bytes"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == ["the policy's folder cannot be read: No such file or directory"]


def test_a_file_of_no_type_is_named(folder: Path) -> None:
    (folder / "lerner.csv").write_text(LINE, encoding="utf-8")
    assert problems(folder) == ["lerner.csv: no type of the schema has this file"]


def test_a_type_without_a_file_and_a_category_without_a_line_are_named(folder: Path) -> None:
    schema = {**CATALOGUE, "ForumPost": {"id": "COMMUNICATION"}, "Actor": {**CATALOGUE["Actor"], "card": "PAYMENT"}}
    with pytest.raises(PolicyError) as refused:
        load(folder, schema)
    assert refused.value.problems == ["forum_post.csv: missing"]
    with pytest.raises(PolicyError) as refused:
        load(folder, {**CATALOGUE, "Actor": {**CATALOGUE["Actor"], "card": "PAYMENT", "mood": "MOOD"}})
    assert refused.value.problems == [
        "actor.csv: the schema's category MOOD is not in categories.csv",
        "actor.csv: no line for Actor#PAYMENT",
    ]


def test_a_file_that_only_denies_allows_nothing(folder: Path) -> None:
    (folder / "actor.csv").write_text("p, role:self, *, Actor#ACCESS, read, any, *, deny\n", encoding="utf-8")
    assert problems(folder) == ["actor.csv: no line allows anything"]


@pytest.mark.parametrize("effect", ["deny", None])
def test_a_policy_that_allows_nothing_does_not_load(folder: Path, effect: str | None) -> None:
    for type_name, fields in CATALOGUE.items():
        name = "_".join(part.lower() for part in _words(type_name)) + ".csv"
        denials = (f"p, role:self, *, {type_name}.{field}, read, any, *, deny" for field in fields)
        (folder / name).write_text("\n".join(denials) if effect else "# Nothing.", encoding="utf-8")
    assert "the policy allows nothing" in problems(folder)


def test_comments_blank_lines_and_spaces_change_nothing_but_the_version(folder: Path) -> None:
    before = load(folder, CATALOGUE)
    path = folder / "learner.csv"
    loose = path.read_text(encoding="utf-8").replace(", ", " ,\t").replace("\n", "  \r\n\r\n# p, role:ward, ...\r\n")
    path.write_bytes(loose.encode())
    after = load(folder, CATALOGUE)
    assert [rule.said for rule in after.rules] == [rule.said for rule in before.rules]
    assert after.version != before.version


def test_a_line_keeps_its_number_after_characters_that_break_lines_elsewhere(folder: Path) -> None:
    appended(folder, "learner.csv", "# one line\x0b\x0c\x85\u2028 for an editor")
    place = appended(folder, "learner.csv", "nonsense")
    assert [problem.split(": ")[0] for problem in problems(folder)] == [place]


def test_the_version_changes_with_any_byte_of_any_file(folder: Path) -> None:
    versions = {load(folder, CATALOGUE).version}
    for name in sorted(path.name for path in folder.iterdir()):
        appended(folder, name, "#")
        versions.add(load(folder, CATALOGUE).version)
    assert len(versions) == len(list(folder.iterdir())) + 1
    assert all(len(version) == 32 and set(version) <= set("0123456789abcdef") for version in versions)


def test_the_version_knows_which_file_holds_what_and_where_it_ends() -> None:
    folders = [
        {"a": b"x"},
        {"b": b"x"},
        {"ax": b""},
        {"a": b"", "x": b""},
        {"a": b"", "b": b"x"},
        {"a": b"x", "b": b""},
    ]
    assert len({version_of(folder) for folder in folders}) == len(folders)


def _words(type_name: str) -> list[str]:
    return "".join(f" {it}" if it.isupper() else it for it in type_name).split()


def test_replacing_helps_to_spoil(folder: Path) -> None:
    place = replaced(folder, "actor.csv", "allow", "alow")
    assert problems(folder) == [f"{place}: unknown effect alow"]
