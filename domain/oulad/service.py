"""Importing the data set: check everything, then load everything."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.oulad.check import check
from domain.oulad.load import Loader
from domain.oulad.progress import Progress
from domain.oulad.writer import TableCount
from tenants.database import Database
from tenants.ids import TenantId


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, by table: the rows that the files hold for it, and how many were added or changed."""

    tables: Mapping[str, TableCount]

    @property
    def changed(self) -> int:
        """How many rows were added or changed in all."""
        return sum(count.changed for count in self.tables.values())


async def import_oulad(database: Database, directory: Path, tenant_id: TenantId, progress: Progress) -> ImportReport:
    """Load the published files in `directory` into the tenant; return what that changed.

    First all files are checked; anything wrong raises `OuladError` and nothing is loaded. Then each file is loaded in
    a transaction of its own, so that one that is interrupted is not there at all; a second import adds what is
    missing, and changes nothing where nothing is new. An enrolment's progress, average and last activity follow from
    studentAssessment.csv but come with the enrolment, so an import that ended between the two shows them before the
    results.

    Reads courses.csv, assessments.csv, studentInfo.csv, studentRegistration.csv and studentAssessment.csv; nothing in
    the tables takes what vle.csv and studentVle.csv hold. While the files are checked, `progress` is called from
    another thread, so that the event loop stays free. Raises `DatabaseUnavailableError` when the database fails; the
    same import may then be started again.
    """
    data = await asyncio.to_thread(check, directory, progress)
    loader = Loader(database, tenant_id, data, directory, progress)
    await loader.run()
    return ImportReport(loader.tally.tables)
