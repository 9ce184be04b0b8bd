"""The largest record that an answer can need is written; one beyond a limit of the database's keeps its answer back."""

import json
from collections.abc import Callable

import pytest

from tests.trail.crowd import COURSES, add_crowd
from tests.trail.scene import CANARIES, Reply, Scene

DENIED = (
    "email phone gender location language learningGoals ageBand region disability deprivationBand lastSeenAt lastIp "
    "lastDevice"
)
"""All of a learner that their instructor does not read and that is a value."""

LARGEST = 2_500_000
"""Bytes; PostgreSQL takes a hundred times as much in one value."""


def page(each: int, fields: str) -> str:
    """Return the document that reads so many learners of each course."""
    return (
        f"query Large {{ courses(first: {COURSES}) {{ nodes {{ enrollments(first: {each}) {{ nodes {{ "
        f"learner {{ {fields} }} }} }} }} }} }}"
    )


@pytest.fixture
async def crowded(scene: Scene) -> Scene:
    """Give a scene whose member teaches ten thousand learners."""
    await add_crowd(scene)
    return scene


async def bytes_on_record(scene: Scene, reply: Reply) -> int:
    """Return how large the one event of a reply is, as text."""
    (event,) = await scene.events(reply.request_id)
    return len(event["disclosures"]) + len(event["denials"])


@pytest.mark.parametrize(("each", "fields"), [(100, "name"), (35, DENIED)], ids=["released", "denied"])
async def test_the_largest_records_are_written(
    crowded: Scene, each: int, fields: str, record_property: Callable[[str, object], None]
) -> None:
    reply = await crowded.ask(page(each, fields))
    assert reply.response.status_code == 200, reply.response.text[:1000]
    (event,) = await crowded.events(reply.request_id)
    assert event["subject_count"] == COURSES * each
    of_each = [set(entry["subjects"]) for entry in json.loads(event["disclosures"]) + json.loads(event["denials"])]
    assert {len(subjects) for subjects in of_each} == {COURSES * each}
    size = await bytes_on_record(crowded, reply)
    record_property("bytes of the event", size)
    assert size < LARGEST


async def test_what_would_need_a_larger_record_does_not_pass_the_gate(crowded: Scene) -> None:
    """A denied cell takes most: it stands in a list that nothing shares, and costs the gate as much as any other."""
    reply = await crowded.ask(page(36, DENIED))
    assert reply.response.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_TOO_COSTLY"


LIMITS = {
    "of the row": (
        "ALTER TABLE access_event ADD CONSTRAINT small CHECK (octet_length(disclosures::text) < 100000) NOT VALID",
        "ALTER TABLE access_event DROP CONSTRAINT small",
    ),
    # As PostgreSQL says it of an array or an object in jsonb that is too large.
    "of the type": (
        """CREATE FUNCTION small() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF octet_length(NEW.disclosures::text) > 100000 THEN
                RAISE EXCEPTION 'total size of jsonb array elements exceeds the maximum' USING ERRCODE = '54000';
            END IF; RETURN NEW; END $$;
        CREATE TRIGGER small BEFORE INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION small()""",
        "DROP FUNCTION small CASCADE",
    ),
}


@pytest.mark.parametrize("limit", LIMITS)
async def test_an_answer_whose_record_is_too_large_is_refused_and_others_are_not(crowded: Scene, limit: str) -> None:
    begins, ends = LIMITS[limit]
    async with crowded.hand() as hand:
        await hand.execute(begins)
        assert (await crowded.ask(page(100, "name"))).is_refused()
        assert await crowded.is_well()
        await hand.execute(ends)
    reply = await crowded.ask(page(100, "name"))
    assert reply.response.text.count(CANARIES["name"]) == COURSES * 100
    assert await bytes_on_record(crowded, reply) > 100_000
