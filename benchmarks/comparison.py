"""Each scenario at each number of connections: checked, then measured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.check import Answer, check
from benchmarks.errors import CompareError
from benchmarks.load import Load
from benchmarks.measure import Rounds, Series
from benchmarks.processes import Server
from benchmarks.scenarios import Scenario
from benchmarks.tenant import Ground


@dataclass(slots=True)
class Comparison:
    """What is compared, and what that found so far; a line in `failures` for each server that failed a scenario."""

    servers: Sequence[Server]
    ground: Ground
    load: Load
    rounds: Rounds
    connections: Sequence[int]
    found: list[Series] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(self, scenarios: Iterable[Scenario]) -> None:
        """Measure the servers that answer alike in each of `scenarios`."""
        for scenario in scenarios:
            body = scenario.body(self.ground)
            answers, failures = check(scenario, self.servers, body, self.ground.token)
            self.failures += failures
            if answers:
                self._measure(scenario, body, answers)

    def _measure(self, scenario: Scenario, body: bytes, answers: Mapping[Server, Answer]) -> None:
        for connections in self.connections:
            try:
                self.found.append(self.rounds.measure(self.load, scenario.name, body, answers, connections))
            except CompareError as error:
                self.failures.append(f"{scenario.name}, connections {connections}: {error}")
