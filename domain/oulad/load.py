"""The second pass: a checked data set into a tenant, one transaction per file, in the order of the references."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.oulad import rows
from domain.oulad.check import read_result
from domain.oulad.dataset import Course, Dataset
from domain.oulad.forms import ASSESSMENTS, COURSES, STUDENT_ASSESSMENT, STUDENT_INFO, STUDENT_REGISTRATION
from domain.oulad.problems import OuladError, Problems, RowError
from domain.oulad.progress import Progress, reporter
from domain.oulad.row import Row
from domain.oulad.sheet import Form, Report, Sheet
from domain.oulad.writer import Tally, Writer, batches, writing
from domain.people.model import membership, person, role_grant
from tenants.database import Database
from tenants.ids import TenantId


class Loader:
    """Loads `data`, which was read from `folder`, into one tenant; what was written is in `tally`."""

    def __init__(
        self, database: Database, tenant_id: TenantId, data: Dataset, folder: Path, progress: Progress
    ) -> None:
        self.tally = Tally()
        self._database = database
        self._tenant_id = tenant_id
        self._data = data
        self._folder = folder
        self._progress = progress
        self._courses: dict[str, UUID] = {}
        self._assessments: dict[str, UUID] = {}
        self._people: dict[str, UUID] = {}
        self._enrolments: dict[str, dict[UUID, UUID]] = {}
        """By course, then by person."""

    async def run(self) -> None:
        """Load everything. Raises `OuladError` when a file is no longer what was checked."""
        await self._load_courses()
        await self._load_assessments()
        await self._load_people()
        await self._load_enrolments()
        await self._load_results()

    async def _load_courses(self) -> None:
        courses = list(self._data.courses.values())
        report = self._begin(COURSES, len(courses))
        async with self._writing() as writer:
            for batch in batches(courses):
                given = [rows.course_row(each) for each in batch]
                await writer.put(course, given, key=("external_id",), change=rows.COURSE_COLUMNS)
                keys = [each.external_id for each in batch]
                self._courses |= await writer.ids(course, course.c.external_id, keys)
            await self._load_instructors(writer, courses)
        report(len(courses), len(courses))

    async def _load_instructors(self, writer: Writer, courses: list[Course]) -> None:
        modules = sorted({each.module for each in courses})
        for batch in batches(modules):
            await writer.put(person, [rows.instructor_row(module) for module in batch], key=("external_id",))
            keys = [rows.instructor_key(module) for module in batch]
            found = await writer.ids(person, person.c.external_id, keys)
            await writer.put(membership, [rows.membership_row(each) for each in found.values()], key=("person_id",))
            grants = [rows.instructor_grant_row(each) for each in found.values()]
            await writer.put(role_grant, grants, key=("person_id", "role"))
            self._people |= found
        for taught in batches(courses):
            given = [
                rows.teaching_row(self._courses[each.external_id], self._people[rows.instructor_key(each.module)])
                for each in taught
            ]
            await writer.put(teaching, given, key=("course_id", "person_id"))

    async def _load_assessments(self) -> None:
        total = len(self._data.assessments)
        report = self._begin(ASSESSMENTS, total)
        async with self._writing() as writer:
            for batch in batches(self._data.assessments.values()):
                given = [rows.assessment_row(each, self._courses[each.course.external_id]) for each in batch]
                await writer.put(assessment, given, key=("external_id",), change=rows.ASSESSMENT_COLUMNS)
                keys = [each.external_id for each in batch]
                self._assessments |= await writer.ids(assessment, assessment.c.external_id, keys)
        report(total, total)

    async def _load_people(self) -> None:
        total = len(self._data.students)
        report = self._begin(STUDENT_INFO, total)
        done = 0
        async with self._writing() as writer:
            for batch in batches(self._data.students.items()):
                given = [rows.student_row(number, student) for number, student in batch]
                await writer.put(person, given, key=("external_id",), change=rows.PERSON_COLUMNS)
                keys = [rows.student_key(number) for number, _ in batch]
                found = await writer.ids(person, person.c.external_id, keys)
                await writer.put(membership, [rows.membership_row(each) for each in found.values()], key=("person_id",))
                self._people |= found
                done += len(batch)
                report(done, total)

    async def _load_enrolments(self) -> None:
        total = self._data.enrolments
        report = self._begin(STUDENT_REGISTRATION, total)
        done = 0
        async with self._writing() as writer:
            for each in self._data.courses.values():
                course_id = self._courses[each.external_id]
                ids: dict[UUID, UUID] = {}
                for batch in batches(each.enrolled.items()):
                    learners = [self._people[rows.student_key(number)] for number, _ in batch]
                    given = [
                        rows.enrolment_row(each, enrolment, course_id, learner_id)
                        for (_, enrolment), learner_id in zip(batch, learners, strict=True)
                    ]
                    await writer.put(enrollment, given, key=("course_id", "learner_id"), change=rows.ENROLMENT_COLUMNS)
                    ids |= await writer.ids(enrollment, enrollment.c.learner_id, learners, course_id=course_id)
                    done += len(batch)
                    report(done, total)
                self._enrolments[each.external_id] = ids

    async def _load_results(self) -> None:
        """Read the results once more, from the file. Every byte has to be as it was checked, or none is loaded."""
        total = self._data.results
        report = self._begin(STUDENT_ASSESSMENT, total)
        done = 0
        problems = Problems()
        sheet = Sheet(self._folder, STUDENT_ASSESSMENT, problems, lambda _done, _total: None)
        async with self._writing() as writer:
            for batch in batches(sheet.rows()):
                given = self._result_rows(batch)
                key = ("enrollment_id", "assessment_id")
                await writer.put(assessment_result, given, key=key, change=rows.RESULT_COLUMNS)
                done += len(batch)
                report(min(done, total), total)
            if problems.found or sheet.digest != self._data.results_digest:
                raise _changed()

    def _result_rows(self, batch: list[Row]) -> list[rows.Values]:
        # By key: a row that was repeated since the check ends as a wrong digest and not as an error of the statement.
        given = {}
        try:
            for row in batch:
                result = read_result(row)
                assessed = self._data.assessments[result.assessment]
                learner_id = self._people[rows.student_key(result.student)]
                enrollment_id = self._enrolments[assessed.course.external_id][learner_id]
                assessment_id = self._assessments[assessed.external_id]
                given[enrollment_id, assessment_id] = rows.result_row(
                    result, assessed.course, enrollment_id, assessment_id
                )
        except (RowError, LookupError):
            raise _changed() from None
        return list(given.values())

    def _begin(self, form: Form, total: int) -> Report:
        report = reporter(self._progress, f"loading {form.name}")
        report(0, total)
        return report

    def _writing(self) -> AbstractAsyncContextManager[Writer]:
        return writing(self._database, self._tenant_id, self.tally)


def _changed() -> OuladError:
    return OuladError(
        [f"{STUDENT_ASSESSMENT.name}: changed while it was being loaded; none of it was loaded: start the import again"]
    )
