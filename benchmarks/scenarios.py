"""What is asked, and how much of what has to come back."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.tenant import Ground

Data = Mapping[str, Any]

VIEWER = "query Viewer { viewer { id tenant { id slug name } } }"

ROSTER = """
query Roster($course: ID!) {
  course(id: $course) {
    enrollments(first: 100) {
      nodes {
        id status progress averageScore finalResult lastActivityAt enrolledAt
        learner { id name pictureUrl title education minor }
      }
    }
  }
}
"""

NESTED = """
query Nested {
  learners(first: 20) {
    nodes {
      id name
      enrollments(first: 10) { nodes { id status results(first: 5) { nodes { id score submittedOn } } } }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A document with the number of objects that its answer holds, by kind."""

    name: str
    document: str
    expected: Mapping[str, int]
    count: Callable[[Data], Mapping[str, int]]

    def body(self, ground: Ground) -> bytes:
        """Return the request's body: every server gets the same bytes."""
        course = base64.b64encode(f"Course:{ground.course_id}".encode()).decode()
        variables = {"course": course} if "$course" in self.document else {}
        return orjson.dumps({"query": self.document, "variables": variables})


def _viewers(data: Data) -> Mapping[str, int]:
    return {"viewers": int(bool(data["viewer"]["tenant"]["id"]))}


def _roster(data: Data) -> Mapping[str, int]:
    nodes = data["course"]["enrollments"]["nodes"]
    return {"enrolments": len(nodes), "learners": len({node["learner"]["id"] for node in nodes})}


def _nested(data: Data) -> Mapping[str, int]:
    learners = data["learners"]["nodes"]
    enrolments = [each for learner in learners for each in learner["enrollments"]["nodes"]]
    results = [each for enrolment in enrolments for each in enrolment["results"]["nodes"]]
    return {"learners": len(learners), "enrolments": len(enrolments), "results": len(results)}


SCENARIOS = (
    Scenario("viewer", VIEWER, {"viewers": 1}, _viewers),
    Scenario("roster", ROSTER, {"enrolments": 100, "learners": 100}, _roster),
    Scenario("nested", NESTED, {"learners": 20, "enrolments": 200, "results": 1_000}, _nested),
)
