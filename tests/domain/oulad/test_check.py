"""Every kind of damage is found before anything is loaded, and told with its file, line and reason."""

from pathlib import Path

import pytest

from domain.oulad.check import check
from domain.oulad.problems import OuladError
from tests.domain.oulad.files import FILES, small_files
from tests.domain.oulad.reading import quiet

BAD_VALUES = [
    (("courses.csv", 2, "code_module", "qqq"), "code_module 'qqq' is not a code such as BBB"),
    (("courses.csv", 2, "code_presentation", "2013X"), "code_presentation '2013X' is not a code such as 2014J"),
    (("courses.csv", 2, "code_presentation", "2014J\n"), "a quotation mark is not closed"),
    (("courses.csv", 2, "module_presentation_length", "0"), "module_presentation_length '0' is not between 1 and 3660"),
    (("courses.csv", 3, "code_presentation", "2013B"), "this presentation has a line already"),
    (("assessments.csv", 2, "assessment_type", "Quiz"), "assessment_type 'Quiz' is none of CMA, Exam, TMA"),
    (("assessments.csv", 2, "id_assessment", "1e3"), "id_assessment '1e3' is not a whole number"),
    (
        ("assessments.csv", 2, "id_assessment", "2147483648"),
        "id_assessment '2147483648' is not between 1 and 2147483647",
    ),
    (("assessments.csv", 3, "id_assessment", "501"), "this assessment has a line already"),
    (("assessments.csv", 2, "date", "3661"), "date '3661' is not between -3660 and 3660"),
    (("assessments.csv", 2, "weight", "100.01"), "weight '100.01' is not between 0 and 100"),
    (("assessments.csv", 2, "weight", "NaN"), "weight 'NaN' is not a number with at most two decimals"),
    (("assessments.csv", 2, "code_module", "ZZZ"), "the presentation has no line in courses.csv"),
    (("studentInfo.csv", 2, "id_student", "0"), "id_student '0' is not between 1 and 2147483647"),
    (("studentInfo.csv", 2, "id_student", "१२"), "id_student '\\u0967\\u0968' is not a whole number"),
    (("studentInfo.csv", 2, "gender", "X"), "gender 'X' is none of F, M"),
    (("studentInfo.csv", 2, "age_band", "?"), "age_band '?' is none of 0-35, 35-55, 55<="),
    (("studentInfo.csv", 2, "disability", "n"), "disability 'n' is none of N, Y"),
    (("studentInfo.csv", 2, "num_of_prev_attempts", "-1"), "num_of_prev_attempts '-1' is not between 0 and 1000"),
    (("studentInfo.csv", 2, "studied_credits", "10001"), "studied_credits '10001' is not between 0 and 10000"),
    (("studentInfo.csv", 2, "final_result", "Foo"), "final_result 'Foo' is none of Distinction, Fail, Pass, Withdrawn"),
    (
        ("studentInfo.csv", 2, "final_result", "A value that goes on and on"),
        "final_result 'A value that goes on...' is none of Distinction, Fail, Pass, Withdrawn",
    ),
    (("studentInfo.csv", 2, "code_presentation", "1999J"), "the presentation has no line in courses.csv"),
    (("studentRegistration.csv", 2, "date_registration", "soon"), "date_registration 'soon' is not a whole number"),
    (("studentRegistration.csv", 2, "date_unregistration", "1.5"), "date_unregistration '1.5' is not a whole number"),
    (
        ("studentRegistration.csv", 2, "id_student", "7"),
        "the student has no line for this presentation in studentInfo.csv",
    ),
    (("studentRegistration.csv", 2, "code_module", "ZZZ"), "the presentation has no line in courses.csv"),
    (("studentAssessment.csv", 2, "id_assessment", "7"), "the assessment has no line in assessments.csv"),
    (
        ("studentAssessment.csv", 2, "id_student", "7"),
        "the student has no line for the assessment's presentation in studentInfo.csv",
    ),
    (("studentAssessment.csv", 2, "date_submitted", ""), "date_submitted '' is not a whole number"),
    (("studentAssessment.csv", 2, "is_banked", "2"), "is_banked '2' is none of 0, 1"),
    (("studentAssessment.csv", 2, "score", "101"), "score '101' is not between 0 and 100"),
    (("studentAssessment.csv", 2, "score", "-1"), "score '-1' is not a number with at most two decimals"),
]

BAD_LINES = [
    (b'"QQQ","2014J"', "has 2 columns instead of 3"),
    (b'"QQQ","2014J","240","1"', "has 4 columns instead of 3"),
    (b"", "has 0 columns instead of 3"),
    (b'"QQQ","2014J","240', "a quotation mark is not closed"),
    (b'"QQQ"x,"2014J","240"', "a quotation mark or line break is out of place"),
    (b"QQQ,20\r14J,240", "a quotation mark or line break is out of place"),
    (b'"QQQ","2014\0J","240"', "has a NUL character"),
    (b'"QQQ","2014\xffJ","240"', "is not UTF-8"),
    (b'"' + b"Q" * 5000 + b'","2014J","240"', "is longer than 1000 bytes"),
]


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(OuladError) as refused:
        check(folder, quiet)
    return refused.value.problems


def replace_line(path: Path, line: int, content: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = content
    path.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize(("change", "reason"), BAD_VALUES)
def test_a_bad_value_is_told_with_its_place(tmp_path: Path, change: tuple[str, int, str, str], reason: str) -> None:
    files = small_files()
    files.set(*change)
    file, line, _, _ = change
    assert problems_of(files.write(tmp_path))[0] == f"{file}:{line}: {reason}"


@pytest.mark.parametrize(("content", "reason"), BAD_LINES)
def test_a_line_that_is_no_record_is_told_with_its_place(tmp_path: Path, content: bytes, reason: str) -> None:
    replace_line(small_files().write(tmp_path) / "courses.csv", 3, content)
    assert problems_of(tmp_path) == [f"courses.csv:3: {reason}"]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_told(tmp_path: Path, file: str) -> None:
    (small_files().write(tmp_path) / file).unlink()
    assert problems_of(tmp_path) == [f"{file}: is missing from the folder"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: there is no such folder"]


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    path = small_files().write(tmp_path) / "courses.csv"
    path.unlink()
    path.mkdir()
    assert problems_of(tmp_path) == ["courses.csv: is not a file"]


def test_a_file_far_larger_than_the_published_one_is_not_read(tmp_path: Path) -> None:
    with (small_files().write(tmp_path) / "courses.csv").open("r+b") as file:
        file.truncate(65 * 2**20)
    assert problems_of(tmp_path) == ["courses.csv: is larger than 67,108,864 bytes; the published one is not"]


@pytest.mark.parametrize("header", [b"", b"code_module,length", b"\xef\xbb\xbfcode_module,code_presentation,length"])
def test_a_wrong_header_is_told(tmp_path: Path, header: bytes) -> None:
    replace_line(small_files().write(tmp_path) / "courses.csv", 1, header)
    (problem,) = problems_of(tmp_path)
    assert problem.startswith(
        "courses.csv:1: the header is not code_module,code_presentation,module_presentation_length but '"
    )


def test_a_header_that_is_not_text_is_told_once(tmp_path: Path) -> None:
    replace_line(small_files().write(tmp_path) / "courses.csv", 1, b"\xff\xfe")
    assert problems_of(tmp_path) == ["courses.csv:1: is not UTF-8"]


@pytest.mark.parametrize("file", FILES)
def test_an_empty_file_and_one_without_rows_are_told(tmp_path: Path, file: str) -> None:
    path = small_files().write(tmp_path) / file
    header = path.read_bytes().partition(b"\n")[0] + b"\n"
    path.write_bytes(header)
    assert problems_of(tmp_path)[0] == f"{file}: has no rows"
    path.write_bytes(b"")
    assert problems_of(tmp_path)[0].startswith(f"{file}:1: the header is not ")


def test_a_file_cut_off_within_a_line_is_told_even_where_the_rest_would_do(tmp_path: Path) -> None:
    path = small_files().write(tmp_path) / "studentAssessment.csv"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    last = content.count(b"\n")
    assert problems_of(tmp_path) == [f"studentAssessment.csv:{last}: does not end: the file seems to be cut off"]


def test_a_file_cut_off_between_lines_is_told(tmp_path: Path) -> None:
    files = small_files()
    files.rows["studentRegistration.csv"].pop()
    last = len(files.rows["studentInfo.csv"])
    missing = "the student has no line for this presentation in studentRegistration.csv"
    assert problems_of(files.write(tmp_path)) == [f"studentInfo.csv:{last}: {missing}"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("studentInfo.csv", "this student has a line for this presentation already"),
        ("studentRegistration.csv", "this student has a line for this presentation already"),
        ("studentAssessment.csv", "this student has a line for this assessment already"),
    ],
)
def test_a_repeated_key_is_told(tmp_path: Path, file: str, reason: str) -> None:
    files = small_files()
    files.rows[file].append(list(files.rows[file][1]))
    assert problems_of(files.write(tmp_path)) == [f"{file}:{len(files.rows[file])}: {reason}"]


def test_a_result_of_a_presentation_that_the_student_does_not_take_is_told(tmp_path: Path) -> None:
    files = small_files()
    info = files.rows["studentInfo.csv"]
    taken = [row[:2] for row in info if row[2] == "1000"]
    other = next(row[2] for row in files.rows["assessments.csv"][1:] if row[:2] not in taken)
    files.rows["studentAssessment.csv"].append([other, "1000", "5", "0", "50"])
    line = len(files.rows["studentAssessment.csv"])
    reason = "the student has no line for the assessment's presentation in studentInfo.csv"
    assert problems_of(files.write(tmp_path)) == [f"studentAssessment.csv:{line}: {reason}"]


def test_more_assessments_than_a_presentation_can_have_are_told(tmp_path: Path) -> None:
    files = small_files()
    files.rows["assessments.csv"] += [["QQQ", "2013B", str(n), "TMA", "1", "0"] for n in range(9000, 9197)]
    (problem,) = problems_of(files.write(tmp_path))
    assert problem.endswith("the presentation has more than 200 assessments")


def test_problems_in_several_files_are_told_together(tmp_path: Path) -> None:
    files = small_files()
    files.set("assessments.csv", 2, "weight", "heavy")
    files.set("studentInfo.csv", 5, "gender", "")
    files.set("studentAssessment.csv", 9, "score", "full")
    assert problems_of(files.write(tmp_path)) == [
        "assessments.csv:2: weight 'heavy' is not a number with at most two decimals",
        "studentInfo.csv:5: gender '' is none of F, M",
        "studentAssessment.csv:9: score 'full' is not a number with at most two decimals",
    ]


def test_what_follows_from_a_problem_is_not_told_as_another(tmp_path: Path) -> None:
    replace_line(small_files().write(tmp_path) / "courses.csv", 2, b'"QQQ","2013B","?"')
    assert problems_of(tmp_path) == ["courses.csv:2: module_presentation_length '?' is not a whole number"]


def test_twenty_problems_are_told_and_the_others_counted(tmp_path: Path) -> None:
    files = small_files()
    for line in range(2, 27):
        files.set("studentInfo.csv", line, "gender", "X")
    problems = problems_of(files.write(tmp_path))
    assert len(problems) == 21
    assert problems[19] == "studentInfo.csv:21: gender 'X' is none of F, M"
    assert problems[20] == "... and 5 more"


def test_lines_may_end_as_on_windows_and_other_files_are_not_read(tmp_path: Path) -> None:
    for path in small_files().write(tmp_path).iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "vle.csv").write_bytes(b"\xff\0")
    data = check(tmp_path, quiet)
    assert (len(data.courses), len(data.students), len(data.assessments)) == (4, 40, 16)


def test_a_question_mark_is_a_missing_value_in_the_results_too(tmp_path: Path) -> None:
    files = small_files()
    files.set("studentAssessment.csv", 2, "score", "?")
    check(files.write(tmp_path), quiet)
