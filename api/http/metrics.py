"""What a monitoring system may know of this process, as Prometheus reads it. Nothing of a person, tenant or request."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from authz.audit.seal.sealer import Sealer
from authz.reloading import Outcome, Reloader
from tenants.keys.service import KeyService


class Metrics:
    """Tells of the policy, of sealed values and of the trail.

    A registry of its own: the library's default one would tell of the machine.
    """

    def __init__(self, policy: Reloader, keys: KeyService, sealer: Sealer) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Policy(policy))
        self._registry.register(_Sealed(keys))
        self._registry.register(_Trail(sealer))

    async def serve(self, _request: Request) -> Response:
        """Answer with the figures as they are now."""
        return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


class _Policy(Collector):
    """Reads the figures when they are asked for, so that there is no second place that could say something else."""

    def __init__(self, policy: Reloader) -> None:
        self._policy = policy

    def collect(self) -> Iterator[Metric]:
        """Yield the policy's figures."""
        yield GaugeMetricFamily(
            "sextrontgen_policy_reload_failed",
            "1 while the policy's files do not load and an older version stays in force.",
            value=float(bool(self._policy.problems)),
        )
        yield InfoMetricFamily(
            "sextrontgen_policy", "The policy in force in this process.", value={"version": self._policy.version}
        )
        reloads = CounterMetricFamily(
            "sextrontgen_policy_reloads", "Reloads of the policy since the process began.", labels=["outcome"]
        )
        for outcome in Outcome:
            reloads.add_metric([outcome.value], self._policy.outcomes[outcome])
        yield reloads


class _Sealed(Collector):
    """Reads what the keys counted."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def collect(self) -> Iterator[Metric]:
        """Yield how many sealed values did not open; each is an alarm."""
        unreadable = CounterMetricFamily(
            "sextrontgen_unreadable_values",
            "Sealed values that did not open since the process began.",
            labels=["table", "column"],
        )
        for (table, column), values in sorted(self._keys.unreadable.items()):
            unreadable.add_metric([table, column], values)
        yield unreadable


class _Trail(Collector):
    """Reads what the sealer counted."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def collect(self) -> Iterator[Metric]:
        """Yield how far the trail's seal is; a time that stands still is an alarm."""
        yield CounterMetricFamily(
            "sextrontgen_trail_sealed_events", "Events that this process has sealed.", value=self._sealer.sealed
        )
        yield GaugeMetricFamily(
            "sextrontgen_trail_sealed_timestamp_seconds",
            "When this process last saw every event sealed and every checkpoint kept; 0 before the first time.",
            value=self._sealer.last.timestamp() if self._sealer.last is not None else 0,
        )
