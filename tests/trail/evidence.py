"""Whether every answer that reached somebody is on record, with all that it told."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

Answers = list[dict[str, Any]]
_EVENTS = "SELECT request_id, disclosures FROM access_event WHERE request_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found of the answers in a file."""

    answers: int
    cells: int
    lost: list[str]
    """Requests whose answer told something of somebody, without an event."""
    twice: list[str]
    """Requests with more than one."""
    beyond: list[tuple[str, str, str]]
    """Cells received that the request's event does not have: the request, the field, the person."""

    @property
    def is_whole(self) -> bool:
        """Whether all is on record, once."""
        return not (self.lost or self.twice or self.beyond)


def answers_in(file: Path) -> Answers:
    """Return what those who read have kept in `file`."""
    return [json.loads(line) for line in file.read_text().splitlines()]


async def evidence(answers: Answers, url: str) -> Evidence:
    """Compare answers with the events in the database at `url`, a superuser's."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_EVENTS, [answer["request"] for answer in answers])
    finally:
        await connection.close()
    events: dict[str, list[set[tuple[str, str]]]] = {}
    for row in rows:
        events.setdefault(row["request_id"], []).append(_cells(json.loads(row["disclosures"])))
    found = Evidence(len(answers), sum(len(answer["cells"]) for answer in answers), [], [], [])
    for answer in answers:
        request, cells = answer["request"], {(field, subject) for field, subject in answer["cells"]}
        recorded = events.get(request, [])
        if not recorded and cells:
            found.lost.append(request)
        elif len(recorded) > 1:
            found.twice.append(request)
        elif recorded:
            found.beyond.extend((request, *cell) for cell in sorted(cells - recorded[0]))
    return found


def _cells(disclosures: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(field, subject) for each in disclosures for field in each["fields"] for subject in each["subjects"]}
