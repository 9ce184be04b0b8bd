"""A small data set in the published form, made from nothing but a seed, and what has to come of any data set."""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean

FILES = ("courses.csv", "assessments.csv", "studentInfo.csv", "studentRegistration.csv", "studentAssessment.csv")
HEADERS = (
    "code_module,code_presentation,module_presentation_length",
    "code_module,code_presentation,id_assessment,assessment_type,date,weight",
    (
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,"
        "num_of_prev_attempts,studied_credits,disability,final_result"
    ),
    "code_module,code_presentation,id_student,date_registration,date_unregistration",
    "id_assessment,id_student,date_submitted,is_banked,score",
)
PRESENTATIONS = (("QQQ", "2013B"), ("QQQ", "2014J"), ("RRR", "2013B"), ("RRR", "2014J"))
MIDNIGHT = datetime.min.time()


@dataclass
class Files:
    """Rows by file, the header first."""

    rows: dict[str, list[list[str]]]

    def set(self, file: str, line: int, column: str, value: str) -> None:
        """Put `value` in `column` of `line`, counted from 1 as an editor does."""
        self.rows[file][line - 1][self.rows[file][0].index(column)] = value

    def write(self, folder: Path) -> Path:
        """Write every file as it is published: quoted, but not the results."""
        for name, rows in self.rows.items():
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                mark = "" if name == "studentAssessment.csv" else '"'
                file.writelines(",".join(f"{mark}{value}{mark}" for value in row) + "\n" for row in rows)
        return folder


def small_files(students: int = 40, seed: int = 7) -> Files:
    """Return a data set of four presentations, four assessments each, in which every kind of value occurs."""
    draw = random.Random(seed)
    files = Files({name: [header.split(",")] for name, header in zip(FILES, HEADERS, strict=True)})
    for module, presentation in PRESENTATIONS:
        files.rows["courses.csv"].append([module, presentation, str(draw.randint(234, 269))])
        files.rows["assessments.csv"] += _assessments(module, presentation, len(files.rows["assessments.csv"]))
    for number in range(1000, 1000 + students):
        person = _person(draw)
        for module, presentation in draw.sample(PRESENTATIONS, draw.choice((1, 1, 2))):
            _enrol(files, draw, [module, presentation, str(number)], person)
    return files


def _assessments(module: str, presentation: str, number: int) -> Iterator[list[str]]:
    kinds = (("TMA", "19", "10"), ("TMA", "54", "12.5"), ("CMA", "117", "0"), ("Exam", "?", "100"))
    for position, kind in enumerate(kinds):
        yield [module, presentation, str(500 + number + position), *kind]


def _person(draw: random.Random) -> list[str]:
    return [
        draw.choice("MF"),
        draw.choice(("Scotland", "Wales", "North Region")),
        draw.choice(("HE Qualification", "No Formal quals")),
        draw.choice(("?", "10-20", "90-100%")),
    ]


def _enrol(files: Files, draw: random.Random, key: list[str], person: list[str]) -> None:
    result = draw.choice(("Pass", "Withdrawn", "Fail", "Distinction"))
    age = draw.choice(("0-35", "35-55", "55<="))
    numbers = [str(draw.randint(0, 3)), str(draw.randint(1, 20) * 30)]
    files.rows["studentInfo.csv"].append([*key, *person, age, *numbers, draw.choice("YN"), result])
    left = str(draw.randint(-10, 200)) if result == "Withdrawn" else "?"
    joined = draw.choice(("?", str(draw.randint(-200, 10))))
    files.rows["studentRegistration.csv"].append([*key, joined, left])
    of_course = [row for row in files.rows["assessments.csv"] if row[:2] == key[:2]]
    for assessment in draw.sample(of_course, draw.randint(0, len(of_course))):
        score = draw.choice(("", str(draw.randint(0, 100)), str(draw.randint(0, 100))))
        row = [assessment[2], key[2], str(draw.randint(-1, 250)), draw.choice("0001"), score]
        files.rows["studentAssessment.csv"].append(row)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a file as the standard library reads them."""
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def expected_enrolments(folder: Path) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return what each enrolment has to be, by its course's and its learner's external id, worked out from the files.

    The values are status, enrolled_at, withdrawn_at, completed_at, final_result, progress, average_score and
    last_activity_at.
    """
    courses = {(row["code_module"], row["code_presentation"]): row for row in read(folder, "courses.csv")}
    course_of: dict[str, tuple[str, str]] = {}
    for row in read(folder, "assessments.csv"):
        course_of[row["id_assessment"]] = (row["code_module"], row["code_presentation"])
    results: dict[tuple[tuple[str, str], str], list[dict[str, str]]] = {}
    for row in read(folder, "studentAssessment.csv"):
        results.setdefault((course_of[row["id_assessment"]], row["id_student"]), []).append(row)
    assessments = Counter(course_of.values())
    registrations = {
        (row["code_module"], row["code_presentation"], row["id_student"]): row
        for row in read(folder, "studentRegistration.csv")
    }
    expected: dict[tuple[str, str], tuple[object, ...]] = {}
    for row in read(folder, "studentInfo.csv"):
        course = (row["code_module"], row["code_presentation"])
        registration = registrations[*course, row["id_student"]]
        own = results.get((course, row["id_student"]), [])
        withdrawn = row["final_result"] == "Withdrawn"
        expected[f"oulad:{course[0]}:{course[1]}", f"oulad:{row['id_student']}"] = (
            "WITHDRAWN" if withdrawn else "COMPLETED",
            _day_or_none(course[1], registration["date_registration"]),
            _day_or_none(course[1], registration["date_unregistration"]),
            None if withdrawn else day(course[1], courses[course]["module_presentation_length"]),
            row["final_result"].upper(),
            len(own) / assessments[course],
            _mean([float(each["score"]) for each in own if each["score"]]),
            max((day(course[1], each["date_submitted"]) for each in own), default=None),
        )
    return expected


def start(presentation: str) -> date:
    """Return the first day of a presentation: the first of February or of October."""
    return date(int(presentation[:4]), {"B": 2, "J": 10}[presentation[4]], 1)


def day(presentation: str, days: str) -> datetime:
    """Return midnight (UTC) of a day counted from the start of a presentation."""
    return datetime.combine(start(presentation) + timedelta(days=int(days)), MIDNIGHT, UTC)


def _day_or_none(presentation: str, days: str) -> datetime | None:
    return None if days == "?" else day(presentation, days)


def _mean(scores: Sequence[float]) -> float | None:
    return fmean(scores) if scores else None
