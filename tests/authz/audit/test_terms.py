"""What events are found by: every person, field, category and word in them, and nothing else."""

from hashlib import sha256
from uuid import UUID

import asyncpg

from authz.audit.terms import TermKind, term_of
from tenants.database import Database
from tenants.ids import TenantId
from tests.support.cluster import Urls
from tests.support.events import add_events
from tests.support.sealer import seal

# What the database itself finds in an event, by kind.
WORDS = """
    SELECT id, 'person' AS kind, jsonb_path_query(both_, '$[*].subjects[*]') #>> '{}' AS word FROM told
    UNION SELECT id, 'field', jsonb_path_query(both_, '$[*].field') #>> '{}' FROM told
    UNION SELECT id, 'field', jsonb_path_query(both_, '$[*].fields[*]') #>> '{}' FROM told
    UNION SELECT id, 'category', jsonb_path_query(both_, '$[*].category') #>> '{}' FROM told
    UNION SELECT id, 'category', jsonb_path_query(both_, '$[*].categories[*]') #>> '{}' FROM told
    UNION SELECT id, 'role', unnest(roles) FROM told
    UNION SELECT id, 'person', case_id::text FROM told WHERE case_id IS NOT NULL
    UNION SELECT id, 'actor', actor_id::text FROM told
    UNION SELECT id, 'purpose', purpose FROM told
    UNION SELECT id, 'outcome', outcome FROM told
    UNION SELECT id, 'operation', operation FROM told WHERE operation IS NOT NULL
"""
TOLD = f"WITH told AS (SELECT *, disclosures || denials AS both_ FROM access_event) {WORDS}"


def test_a_term_is_the_digest_of_a_kind_and_a_value() -> None:
    assert term_of(TermKind.FIELD, "Learner.name") == UUID(bytes=sha256(b"field\0Learner.name").digest()[:16])
    assert len({term_of(kind, "x") for kind in TermKind}) == len(TermKind)


async def test_a_sealed_event_is_found_by_each_of_its_terms_and_by_no_other(
    database: Database, tenant: TenantId, urls: Urls
) -> None:
    await add_events(database, tenant, 40)
    await seal(database, tenant)
    connection = await asyncpg.connect(urls.superuser)
    found = await connection.fetch("SELECT event_id, term, at, retention_years FROM access_term")
    words = await connection.fetch(TOLD)
    events = await connection.fetch("SELECT id, at, retention_years FROM access_event")
    await connection.close()
    by_id = {row["id"]: (row["at"], row["retention_years"]) for row in events}
    expected = {
        (row["id"], UUID(row["word"]) if row["kind"] == "person" else term_of(TermKind(row["kind"]), row["word"]))
        for row in words
    }
    assert {(row["event_id"], row["term"]) for row in found} == expected
    assert all((row["at"], row["retention_years"]) == by_id[row["event_id"]] for row in found)
