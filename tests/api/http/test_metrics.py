"""The figures for a monitoring system: of the policy and of nothing else."""

from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from api.http.metrics import Metrics
from authz.reloading import Reloader
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy
from tests.support.keys import key_service
from tests.support.sealer import sealer_of

NOWHERE = Database(DatabaseSettings("postgresql://nobody@127.0.0.1:9/none"))
Figures = dict[tuple[str, str], float]


def figures(text: str) -> Figures:
    """Return each sample's value by its name and its one label's value."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def policy(tmp_path: Path) -> Reloader:
    return Reloader(copy_of_the_policy(tmp_path), CATALOGUE)


async def of(policy: Reloader) -> Figures:
    answer = await Metrics(policy, key_service(), sealer_of(NOWHERE)).serve(Request({"type": "http"}))
    return figures(bytes(answer.body).decode())


async def test_a_sound_policy_is_told_by_its_version(policy: Reloader) -> None:
    assert await of(policy) == {
        ("sextrontgen_policy_reload_failed", ""): 0,
        ("sextrontgen_policy_info", policy.version): 1,
        ("sextrontgen_policy_reloads_total", "changed"): 0,
        ("sextrontgen_policy_reloads_total", "unchanged"): 0,
        ("sextrontgen_policy_reloads_total", "failed"): 0,
        ("sextrontgen_trail_sealed_events_total", ""): 0,
        ("sextrontgen_trail_sealed_timestamp_seconds", ""): 0,
    }


async def test_the_figures_follow_what_happens_to_the_files(policy: Reloader, tmp_path: Path) -> None:
    first, folder = policy.version, tmp_path / "policy"
    appended(folder, "learner.csv", "nonsense")
    assert [policy.look() for _ in range(2)][-1] is not None
    failed = await of(policy)
    assert failed["sextrontgen_policy_reload_failed", ""] == 1
    assert failed["sextrontgen_policy_info", first] == 1
    assert failed["sextrontgen_policy_reloads_total", "failed"] == 1
    text = (folder / "learner.csv").read_text().replace("nonsense", "# mended")
    (folder / "learner.csv").write_text(text)
    assert [policy.look() for _ in range(2)][-1] is not None
    mended = await of(policy)
    assert policy.version != first
    assert mended["sextrontgen_policy_reload_failed", ""] == 0
    assert mended["sextrontgen_policy_info", policy.version] == 1
    assert ("sextrontgen_policy_info", first) not in mended
    assert mended["sextrontgen_policy_reloads_total", "changed"] == 1


async def test_the_route_speaks_prometheus_text_and_is_for_reading_only(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert {name for name, _ in figures(answer.text)} == {
        "sextrontgen_policy_reload_failed",
        "sextrontgen_policy_info",
        "sextrontgen_policy_reloads_total",
        "sextrontgen_trail_sealed_events_total",
        "sextrontgen_trail_sealed_timestamp_seconds",
    }
    assert (await client.post("/metrics")).status_code == 405
