"""Every connection of the contract: the way to it, who pages through it, and what each order of it goes by."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from graphql import GraphQLEnumType

from tests.oracle.contract import SCHEMA
from tests.oracle.mixed import OPERATION

PAGE = """edges { cursor node { id %s } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"""
ARGUMENTS = ("first: $first, last: $last", "after: $after, before: $before")
VARIABLES = "$first: Int, $last: Int, $after: String, $before: String"


@dataclass(frozen=True)
class List:
    """A connection: the document around it, with %s for itself, the roles that look, and its orders ("": its own)."""

    name: str
    way: str
    roles: tuple[str, ...]
    orders: tuple[str, ...] = ("",)
    filter: str = ""

    @property
    def field(self) -> str:
        """Return the connection's field."""
        return self.name.partition(".")[2]

    def document(self, order: str) -> str:
        """Return the document that asks for a page in that order, with what the order goes by."""
        path, _ = self.goes_by(order)
        inner = " { ".join(path) + " }" * (len(path) - 1)
        given = [*ARGUMENTS, *([f"filter: {self.filter}"] if self.filter else [])]
        given += [f"orderBy: {order}"] if order else []
        found = f"{self.field}({', '.join(given)}) {{ {PAGE % inner} }}"
        key = ", $id: ID!" if "$id" in self.way else ""
        return f"query({VARIABLES}{key}) {{ {self.way % found} }}"

    def connection_in(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the connection in an answer: the only field of each object on the way."""
        here = data
        while self.field not in here or "edges" not in here[self.field]:
            (here,) = here.values()
        found: Mapping[str, Any] = here[self.field]
        return found

    def goes_by(self, order: str) -> tuple[tuple[str, ...], bool]:
        """Return the field that decides first, and whether downwards."""
        newest = "access" in self.field
        return (("at",), True) if newest else SORTED[order]

    def is_in_order(self, nodes: Sequence[Mapping[str, Any]], order: str) -> bool:
        """Return whether what is shown is in order: null and hidden values last by id, ties by id."""
        path, down = self.goes_by(order)
        values = [shown(node, path) for node in nodes]
        known = [value for value in values if value is not None]
        keys = [base64.b64decode(node["id"]) for node in nodes]
        ties = zip(pairwise(values), pairwise(keys), strict=True)
        # Of events of one instant the greater id comes first.
        newest = path == ("at",)
        return (
            values == [*sorted(known, reverse=down), *[None] * (len(values) - len(known))]
            and len(set(keys)) == len(keys)
            and all((earlier > later) is newest for (one, other), (earlier, later) in ties if one == other)
        )


def shown(node: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at `path` in a node, None where there is none on the way."""
    here: Any = node
    for step in path:
        here = None if here is None else here[step]
    return here if path else None


def _orders(kind: str) -> tuple[str, ...]:
    found = SCHEMA.type_map[f"{kind}Order"]
    assert isinstance(found, GraphQLEnumType)
    return ("", *found.values)


def _node(kind: str) -> str:
    return f"node(id: $id) {{ ... on {kind} {{ %s }} }}"


_OWN = "viewer { learner { %s } }"
# The trail grows by each page; what is paged through must not.
_PLANTED = f'{{operation: "{OPERATION}"}}'

LISTS = (
    List("Query.learners", "%s", ("privacy", "security", "instructor", "enterprise_admin"), _orders("Learner")),
    List("Tenant.members", "tenant { %s }", ("security",), _orders("Learner")),
    List("Query.courses", "%s", ("learner",), _orders("Course")),
    List("Query.accessEvents", "%s", ("security", "learner"), filter=_PLANTED),
    List("Viewer.teaches", "viewer { %s }", ("instructor",)),
    List("Viewer.wards", "viewer { %s }", ("guardian",)),
    List("Learner.enrollments", _OWN, ("learner", "minor"), _orders("Enrollment")),
    List("Learner.accessLog", _OWN, ("learner", "minor"), filter=_PLANTED),
    List("Course.enrollments", _node("Course"), ("privacy", "instructor", "enterprise_admin"), _orders("Enrollment")),
    List("Enrollment.results", _node("Enrollment"), ("learner", "instructor")),
    List("Tenant.seatPools", "tenant { %s }", ("privacy", "enterprise_admin")),
    List("SeatPool.courses", _node("SeatPool"), ("privacy",)),
    List("SeatPool.seats", _node("SeatPool"), ("privacy", "enterprise_admin")),
    List("AccessEvent.subjects", _node("AccessEvent"), ("privacy", "security")),
)

SORTED: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "": ((), False),
    "NAME_ASC": (("name",), False),
    "NAME_DESC": (("name",), True),
    "LAST_SEEN_DESC": (("lastSeenAt",), True),
    "CODE_ASC": (("code",), False),
    "TITLE_ASC": (("title",), False),
    "STARTS_ON_DESC": (("startsOn",), True),
    "LEARNER_NAME_ASC": (("learner", "name"), False),
    "PROGRESS_DESC": (("progress",), True),
    "PROGRESS_ASC": (("progress",), False),
    "AVERAGE_SCORE_DESC": (("averageScore",), True),
    "LAST_ACTIVITY_DESC": (("lastActivityAt",), True),
    "ENROLLED_AT_DESC": (("enrolledAt",), True),
}
"""What each order goes by, and whether downwards."""
