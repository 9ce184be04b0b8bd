"""`audit affected` as tests ask for it, and the same counts made of the trail's rows alone."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from uuid import UUID

from tests.api.commands.audited import TICKET, Audited
from tests.api.commands.exports import ONLY_NORTHWIND

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FIELDS = """
    SELECT event.id, event.at, subject, field, true AS released
    FROM access_event AS event, jsonb_array_elements(disclosures) AS part,
    jsonb_array_elements_text(part->'subjects') AS subject, jsonb_array_elements_text(part->'fields') AS field
    WHERE {where}
    UNION ALL
    SELECT event.id, event.at, subject, part->>'field', false
    FROM access_event AS event, jsonb_array_elements(denials) AS part,
    jsonb_array_elements_text(part->'subjects') AS subject
    WHERE {where}
"""
COUNTS = f"""
    SELECT subject AS person_id, field, count(DISTINCT id) FILTER (WHERE released) AS released,
    count(DISTINCT id) FILTER (WHERE NOT released) AS denied, min(at) AS first_at, max(at) AS last_at
    FROM ({FIELDS}) AS found GROUP BY 1, 2 ORDER BY 1, 2
""".replace("{where}", f"actor_id = $1 AND at >= $2 AND at < $3 AND {ONLY_NORTHWIND}")


def asked(
    audited: Audited, viewer: object, *more: str, since: datetime = LONG_AGO, until: datetime = LATER
) -> CompletedProcess[str]:
    times = ("--from", since.isoformat(), "--to", until.isoformat())
    who = ("--tenant", "northwind", "--case", TICKET, "--viewer", str(viewer))
    return audited.run("affected", *who, *times, *more)


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Return what the list has, in the form of `COUNTS`."""
    return [
        {
            "person_id": row["person_id"],
            "field": row["field"],
            "released": int(row["released"]),
            "denied": int(row["denied"]),
            "first_at": datetime.fromisoformat(row["first_at"]),
            "last_at": datetime.fromisoformat(row["last_at"]),
        }
        for row in csv.DictReader(io.StringIO(file.read_text(), newline=""))
    ]


def counted(
    audited: Audited, viewer: UUID, since: datetime = LONG_AGO, until: datetime = LATER
) -> list[dict[str, Any]]:
    """Return the counts that the rows of the trail themselves give."""
    return [dict(row) for row in audited.sql(COUNTS, viewer, since, until)]


def listed(audited: Audited, viewer: UUID, file: Path, **times: datetime) -> list[dict[str, Any]]:
    ended = asked(audited, viewer, "--csv", str(file), **times)
    assert ended.returncode == 0, ended.stderr
    return rows_of(file)
