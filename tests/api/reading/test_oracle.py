"""Random documents and calls: data, errors, rows and records agree with an oracle that shares no code with the program.

A part of the proof is a tenant that changes from turn to turn: its people, its relations, its own rules. Every answer
adds to the trail that later documents ask for: whole, and as it concerns one person. All of a part follows from its
seed, so a part is repeated by its name.

`make prove` runs all parts, 50,000 cases and 5,000 calls; some of them: `make prove ARGS="-k 'part07 or part08'"`.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from domain.accounts.keys import load_keys
from domain.accounts.tokens import Tokens
from tenants.embedded import Addresses
from tests.api.reading.conftest import Demo
from tests.api.reading.oracle_scene import Part, Scene, Turn, cloned, scene_of
from tests.oracle.deny_lines import with_deny_lines
from tests.oracle.drive_calls import Moment, call_differences
from tests.oracle.judge import SHIPPED
from tests.oracle.policy import Policy
from tests.oracle.random_calls import random_call

PARTS = 50
SAMPLE = (0, 1, 9)
"""Parts of which a few documents are always asked: one of each tenant, one with more deny lines."""

TURN, CALLS = 1_000, 500_000
"""How far the seed of a turn is from that of the next, and of the turns with calls from those with documents."""

HELLO = "query Hello { viewer { learner { name accessLog(first: 3) { nodes { ip actor { name } } } } } }"
SEEDS = (
    ("PRIVACY", "query Export { learners(first: 60) { nodes { id name email lastIp gender } } }"),
    ("INSTRUCTOR", "query Roster { learners(first: 100) { nodes { name email pictureUrl phone title } } }"),
    ("ENTERPRISE_ADMIN", "query Seats { tenant { seatPools { nodes { seats { nodes { email lastUsedAt } } } } } }"),
    ("SUPPORT", "query Help { learners { nodes { name phone gender lastDevice enrollments { nodes { id } } } } }"),
    ("GUARDIAN", "query Wards { viewer { learner { name } wards { nodes { name email } } } }"),
    ("SECURITY", "query Audit { accessEvents(first: 50) { nodes { ip actor { name } subjects { nodes { name } } } } }"),
)
"""Who asks what first: reads of many people, denials, a look at the trail."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test its parts."""
    numbers = range(PARTS) if metafunc.config.getoption("--prove") else SAMPLE
    parts = [Part(number) for number in numbers]
    metafunc.parametrize("part", parts, ids=lambda part: f"part{part.number:02}-seed{part.seed}")


@pytest.fixture
async def demo(demo: Demo, server: Addresses) -> AsyncIterator[Demo]:
    """Give a demo that may be changed."""
    async with cloned(demo, server) as own:
        yield own


@pytest.fixture
def policy(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Policy:
    """Give the policy; for some parts one with many more lines that deny, by which the application is made too."""
    if part.number % 10 != 9:
        return SHIPPED
    monkeypatch.setenv("SEXTRONTGEN_POLICY", str(tmp_path / "policy"))
    return with_deny_lines(tmp_path / "policy", part.number)


@pytest.fixture
def issuer(key_file: Path) -> Tokens:
    """Give the issuer of tokens that the application accepts."""
    return Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen", timedelta(days=1))


@pytest.fixture
def secret(key_file: Path) -> bytes:
    """Give the installation's secret."""
    return key_file.read_bytes()


@pytest.fixture
async def scene(
    part: Part, policy: Policy, demo: Demo, demo_client: httpx2.AsyncClient, issuer: Tokens
) -> AsyncIterator[Scene]:
    """Give the part's tenant."""
    async with scene_of(part, demo, demo_client, issuer, policy) as opened:
        yield opened


async def begin(scene: Scene) -> None:
    """Bring reads, denials and a request that failed on the trail."""
    asking = (await scene.turn(scene.part.seed, changing=False)).asking
    found = [difference for one in asking for difference in await one.check(HELLO, {})]
    for role, query in SEEDS:
        found += await next(one for one in asking if role in one.viewer.roles).check(query, {})
    assert not found, "\n\n".join(found)
    # A member's request that fails as a whole is on the trail as refused.
    await scene.connection.execute("REVOKE SELECT ON course FROM sextrontgen_app")
    query, headers = "query Failing { viewer { learner { name } } courses { nodes { id } } }", asking[0].headers()
    answer = await scene.client.post("/graphql", json={"query": query}, headers=headers)
    await scene.connection.execute("GRANT SELECT ON course TO sextrontgen_app")
    assert answer.status_code >= 500, answer.text


async def differences(turn: Turn, seeds: range) -> list[str]:
    """Return where answers and the oracle differ. Each document is asked by two, so that what is kept serves both."""
    found: list[str] = []
    for seed in seeds:
        document, asking = turn.cases(seed)
        for one in asking:
            different = await one.check(document.text, document.variables)
            found += [f"seed {seed} in the turn {seeds.start}\n{each}" for each in different]
    return found + (["\n".join(["rules:", *turn.world.rules.told()])] if found else [])


@pytest.mark.prove
async def test_random_documents_are_answered_and_recorded_as_the_oracle_says(
    scene: Scene, many: Callable[[int, int], int]
) -> None:
    """A thousand cases, a document and a viewer each: ten turns, fifty documents, two viewers."""
    await begin(scene)
    found: list[str] = []
    named, reasons, outcomes = set[object](), Counter[str](), set[str]()
    for start in range(scene.part.seed, scene.part.seed + many(3, 10) * TURN, TURN):
        turn = await scene.turn(start)
        found += await differences(turn, range(start, start + many(12, 50)))
        named |= {rule for one in turn.asking for rule in one.rules}
        reasons.update(reason for one in turn.asking for reason in one.reasons.elements())
        outcomes |= {event.facts["outcome"] for event in turn.world.trail.events.values()}
    assert not found, "\n\n".join(found)
    assert outcomes == {"RELEASED", "DENIED", "REFUSED"}
    assert reasons["TENANT_RULE"]
    assert {None} < named


@pytest.mark.prove
async def test_random_calls_change_what_the_oracle_says_and_nothing_else(
    scene: Scene, many: Callable[[int, int], int], secret: bytes
) -> None:
    """A hundred calls, in five turns."""
    url = scene.demo.urls.owner
    found: list[str] = []
    became = Counter[str]()
    for start in range(scene.part.seed + CALLS, scene.part.seed + CALLS + many(2, 5) * TURN, TURN):
        turn, moment = await scene.turn(start, of_calls=True), await Moment.now(url, scene.tenant_id)
        for seed in range(start, start + many(10, 20)):
            rng = random.Random(seed)
            admins = [each for each in turn.asking if "ENTERPRISE_ADMIN" in each.viewer.roles]
            one = rng.choice(admins if admins and rng.random() < 0.4 else turn.asking)
            call = random_call(rng, moment.world, one.viewer, turn.material)
            different, must, moment = await call_differences(one, call, moment, url, secret)
            found += [f"seed {seed} in the turn {start}\n{each}" for each in different]
            became.update({problem.code for problem in must.problems} or {f"{call.name} {bool(must.changed)}"})
        found += ["\n".join(["rules:", *turn.world.rules.told()])] if found else []
    assert not found, "\n\n".join(found)
    assert {"NOT_FOUND", "enroll True"} <= set(became)
