"""The policy, shown: rows, tables and explanations say what the mask says."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from authz.explain import check, explain, lines, matrix, plain, tables
from authz.loading import POLICY_FOLDER, PolicyError, load
from authz.mask import Decision, Mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy
from tests.matrix import expected


@pytest.fixture(scope="module")
def mask() -> Mask:
    return Mask(load(POLICY_FOLDER, CATALOGUE))


def test_the_matrix_shown_is_the_matrix_promised(mask: Mask) -> None:
    shown = {(it.role, it.field, it.subject, it.purpose) for it in matrix(mask) if it.readable}
    assert shown == expected() | expected("call")


def test_the_matrix_can_be_narrowed(mask: Mask) -> None:
    found = list(matrix(mask, roles=[Role.SUPPORT], fields=["Learner.lastIp"], subjects=[SubjectClass.ADULT]))
    assert [(it.category, it.purpose, it.readable) for it in found] == [
        ("TECHNICAL", Purpose.SUPPORT_CASE, False),
        ("TECHNICAL", Purpose.FRAUD_PREVENTION, True),
    ]
    assert [it.purpose for it in matrix(mask, fields=["Actor.id"], purposes=[Purpose.TEACHING])] == [
        Purpose.TEACHING
    ] * 3
    with pytest.raises(KeyError):
        list(matrix(mask, fields=["Learner.fone"]))


def test_a_plain_row_names_the_cell_the_answer_and_the_line(mask: Mask) -> None:
    found = list(plain(matrix(mask, roles=[Role.SUPPORT], fields=["Learner.lastIp"], subjects=[SubjectClass.MINOR])))
    rule = mask.decide(Role.SUPPORT, "Learner.lastIp", SubjectClass.MINOR, Purpose.FRAUD_PREVENTION).rule
    assert found == [
        "SUPPORT\tLearner.lastIp\tTECHNICAL\tminor\tSUPPORT_CASE\t-\t-",
        f"SUPPORT\tLearner.lastIp\tTECHNICAL\tminor\tFRAUD_PREVENTION\t+\t{rule}",
    ]


def test_a_table_shows_classes_by_letter_and_brackets_for_some_purposes(mask: Mask) -> None:
    console = Console(width=150, file=io.StringIO(), record=True)
    fields = ["Learner.id", "Learner.lastIp", "Learner.lastDevice", "Seat.email"]
    for table in tables(matrix(mask, roles=[Role.SUPPORT, Role.INSTRUCTOR], fields=fields)):
        console.print(table)
    rows = [line.replace("│", " ").split() for line in console.export_text().splitlines() if "│" in line]
    assert rows == [
        ["id", "amr", "amr"],
        ["lastIp", "(a)(m)", "-"],
        ["lastDevice", "a(m)", "-"],
        ["email", "a", "-"],
    ]


def test_a_check_counts_what_it_found(tmp_path: Path) -> None:
    checked = check(POLICY_FOLDER, CATALOGUE)
    assert checked.readable == len(expected() | expected("call"))
    assert checked.version == load(POLICY_FOLDER, CATALOGUE).version
    # A cell per field, class, role and purpose that the role may name: seven roles name one, three name two.
    assert checked.cells == sum(map(len, CATALOGUE.values())) * 3 * (7 + 2 * 3)
    folder = copy_of_the_policy(tmp_path)
    appended(folder, "actor.csv", "p, role:ward, *, Actor.name, read, any, *, allow")
    again = check(folder, CATALOGUE)
    assert (again.lines, again.rules, again.readable) == (checked.lines + 1, checked.rules + 1, checked.readable + 2)


def test_a_check_of_an_unsound_folder_names_the_problems(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "actor.csv", "p, role:ward")
    with pytest.raises(PolicyError, match=place):
        check(folder, CATALOGUE)


def test_an_explanation_shows_the_lines_of_the_role_and_which_of_them_speak(mask: Mask) -> None:
    asked = (Role.SUPPORT, "Learner.lastDevice", SubjectClass.MINOR)
    denied = explain(mask, *asked, Purpose.SUPPORT_CASE)
    assert denied.decision == Decision(False, None)
    assert [it.speaks for it in denied.heard] == [False, False]
    allowed = explain(mask, *asked, Purpose.FRAUD_PREVENTION)
    assert [it.place for it in allowed.heard if it.speaks] == [allowed.decision.rule]
    assert allowed.heard[1].text == "role:support, *, Learner#TECHNICAL, read, any, FRAUD_PREVENTION, allow"
    with pytest.raises(KeyError):
        explain(mask, Role.SUPPORT, "Learner.fone", SubjectClass.MINOR, Purpose.SUPPORT_CASE)


def test_an_explanation_hears_what_a_role_inherits_and_what_denies(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "learner.csv", "p, role:staff, *, Learner.lastIp, read, any, *, deny")
    spoiled = Mask(load(folder, CATALOGUE))
    explained = explain(spoiled, Role.SECURITY, "Learner.lastIp", SubjectClass.ADULT, Purpose.SECURITY_REVIEW)
    assert explained.decision == Decision(False, place)
    assert [it.place for it in explained.heard if it.speaks][-1] == place
    assert len([it for it in explained.heard if it.speaks]) == 2


def test_an_explanation_reads_as_sentences(mask: Mask) -> None:
    asked = (Role.INSTRUCTOR, "Learner.education", SubjectClass.MINOR, Purpose.TEACHING)
    place = mask.decide(Role.INSTRUCTOR, "Learner.education", SubjectClass.ADULT, Purpose.TEACHING).rule
    assert list(lines(explain(mask, *asked))) == [
        "May role:instructor read Learner.education of a subject that is minor, for TEACHING?",
        "No: no line says so, and nothing said means no",
        f"  silent  {place:<24} role:instructor, *, Learner.education, read, adult, *, allow",
    ]


def test_a_mutation_is_shown_by_who_may_call_it_under_a_heading_of_its_own(mask: Mask) -> None:
    [table] = tables(matrix(mask, roles=[Role.LEARNER, Role.MINOR], fields=["Mutation.enroll"]))
    assert table.title == "Mutation: who may call"
    assert [list(column.cells) for column in table.columns] == [["enroll"], ["ar"], ["-"]]


def test_a_mutation_is_explained_by_the_lines_about_calling_it(mask: Mask) -> None:
    found = explain(mask, Role.GUARDIAN, "Mutation.enroll", SubjectClass.MINOR, Purpose.GUARDIANSHIP)
    assert found.question.startswith("May role:guardian call Mutation.enroll")
    assert found.decision.allowed
    assert [heard.speaks for heard in found.heard] == [True, False]


def test_what_is_said_of_writing_a_field_is_not_heard_where_reading_is_in_question(mask: Mask) -> None:
    found = explain(mask, Role.LEARNER, "Learner.title", SubjectClass.ADULT, Purpose.SELF_SERVICE)
    assert {heard.text.split(", ")[3] for heard in found.heard} == {"read"}
    assert mask.decide(Role.LEARNER, "Learner.title", SubjectClass.ADULT, Purpose.SELF_SERVICE, action="write").allowed
