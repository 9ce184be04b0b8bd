"""An import whose process is killed leaves whole files or nothing of them, and the next one completes it."""

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain.oulad.service import import_oulad
from tenants.database import Database
from tenants.ids import TenantId
from tests.domain.oulad.files import expected_enrolments, small_files
from tests.domain.oulad.reading import counts, enrolments, quiet

# Small batches, so that there are many moments to be killed at; a line of output is one of them.
_CHILD = """
import asyncio, sys, uuid
from pathlib import Path
from domain.oulad import writer
from domain.oulad.service import import_oulad
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tests.support.keys import key_service

async def main():
    database = Database(DatabaseSettings(sys.argv[1], connect_timeout=10, open_limit=20), key_service())
    writer.BATCH = 50
    await import_oulad(database, Path(sys.argv[2]), uuid.UUID(sys.argv[3]), lambda *told: print(*told, flush=True))

asyncio.run(main())
"""


def kill_one(command: list[str], moment: int) -> str:
    """Start `command`, kill it when it has said `moment` lines; return the last one."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = [process.stdout.readline() for _ in range(moment)][-1]
        process.kill()
    assert process.returncode == -signal.SIGKILL
    return last


@pytest.mark.parametrize("seed", range(4))
async def test_an_import_killed_at_any_moment_is_completed_by_the_next(
    database: Database, database_url: str, tenant: TenantId, tmp_path: Path, seed: int
) -> None:
    files = small_files(students=400)
    files.write(tmp_path)
    whole = {
        "course": len(files.rows["courses.csv"]) - 1,
        "assessment": len(files.rows["assessments.csv"]) - 1,
        "enrollment": len(files.rows["studentInfo.csv"]) - 1,
        "assessment_result": len(files.rows["studentAssessment.csv"]) - 1,
    }
    command = [sys.executable, "-c", _CHILD, database_url, str(tmp_path), str(tenant)]
    # The checks say 10 lines, the loading 4 for the small files and one per batch and file.
    moments = random.Random(seed).sample(range(11, 40), 2)
    for moment in sorted(moments):
        last = await asyncio.to_thread(kill_one, command, moment)
        assert last.startswith("loading ")
        # Whether or not the server has noticed yet: a file that is not committed is not seen.
        found = await counts(database, tenant)
        assert all(found[table] in (0, number) for table, number in whole.items())
        assert found["membership"] == found["person"] in (0, 2, 402)
    await import_oulad(database, tmp_path, tenant, quiet)
    assert await counts(database, tenant) == {
        "person": 402,
        "membership": 402,
        "role_grant": 2,
        "teaching": 4,
        **whole,
    }
    assert await enrolments(database, tenant) == expected_enrolments(tmp_path)
    assert (await import_oulad(database, tmp_path, tenant, quiet)).changed == 0
