"""Ways that once led to what is hidden: past the values themselves, by what is told of something else."""

import random
from collections.abc import Sequence
from uuid import UUID

from tests.noninterference.comparing import Stage
from tests.noninterference.events import draw_event, settled
from tests.noninterference.small_scene import TENANT, Hiding, differences, sets, small_tables, whole
from tests.noninterference.tables import Tables
from tests.oracle.arguments import encode
from tests.oracle.small import ADA, BEN, BEN_SEAT, EVE, GUS, HAL, IVY, LEA, MIA, NOW, POOL, SECURITY

LEARNER_ADA, LEARNER_BEN, LEARNER_MIA = (f'learner(id: "{encode("Learner", key)}")' for key in (ADA, BEN, MIA))


def with_a_read(actor: UUID, of: Sequence[UUID]) -> Tables:
    """Return the small world, in which somebody once read the names of others."""
    tables = small_tables()
    row = draw_event(random.Random(1), TENANT, (actor, "LEARNER", None), of)
    told = {"fields": ["Learner.name"], "categories": ["IDENTITY"], "subjects": [str(one) for one in of]}
    tables["access_event"] = [settled(row | {"disclosures": [told], "denials": []})]
    return tables


async def test_a_search_for_an_event_does_not_find_people_who_do_not_exist_for_the_viewer(stage: Stage) -> None:
    def other_people(tables: Tables) -> None:
        (event,) = tables["access_event"]
        event["disclosures"] = [event["disclosures"][0] | {"subjects": [str(HAL)]}]

    # Of whom Ben once read, he may be told how many they were, and no more.
    search = f'{{ accessEvents(filter: {{ subject: "{encode("Learner", ADA)}" }}) {{ nodes {{ id }} }} }}'
    assert await differences(stage, Hiding(BEN, search, other_people), with_a_read(BEN, [ADA])) == []


async def test_an_access_log_does_not_tell_security_who_somebody_restricted_is(stage: Stage) -> None:
    document = f"{{ {LEARNER_ADA} {{ accessLog {{ nodes {{ actor {{ id name }} }} }} }} }}"
    renamed = sets("person", BEN, name="Benno")
    assert await differences(stage, Hiding(SECURITY, document, renamed), with_a_read(BEN, [ADA])) == []


async def test_a_reason_does_not_tell_whether_somebody_restricted_is_a_minor(stage: Stage) -> None:
    document = f"{{ {LEARNER_BEN} {{ id title viewerAccess {{ field reason }} }} }}"
    assert await differences(stage, Hiding(IVY, document, sets("person", BEN, minor=True))) == []


async def test_a_reason_does_not_tell_whether_somebody_restricted_holds_a_seat(stage: Stage) -> None:
    def holds_none(tables: Tables) -> None:
        sets("seat", BEN_SEAT, status="REVOKED")(tables)
        # As many seats of the pool are held as before: one by somebody who has left.
        lea = {"id": UUID(int=99), "pool_id": POOL, "person_id": LEA}
        tables["seat"].append(whole("seat", status="ACTIVE", assigned_at=NOW, **lea))

    document = f"{{ {LEARNER_BEN} {{ enrollments {{ nodes {{ id }} }} viewerAccess {{ field reason }} }} }}"
    assert await differences(stage, Hiding(EVE, document, holds_none)) == []


async def test_the_line_that_allows_does_not_tell_a_guardian_that_their_ward_is_restricted(stage: Stage) -> None:
    document = f"{{ {LEARNER_MIA} {{ viewerAccess {{ field readable rule }} }} }}"
    assert await differences(stage, Hiding(GUS, document, sets("person", MIA, restricted=True))) == []
