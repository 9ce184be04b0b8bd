"""A small tenant in which most people are several things at once, drawn from a seed: the rows of its tables."""

import random
from datetime import timedelta
from itertools import product
from uuid import UUID

from tests.noninterference.events import FIELDS, draw_events
from tests.noninterference.tables import COLUMNS, TABLES, Row, Tables, full
from tests.noninterference.values import NOON, key, value
from tests.oracle.random_rules import grantable
from tests.oracle.rules import PURPOSES

PEOPLE = 22
COURSES = 5
STAFF_ROLES = ("SUPPORT", "SECURITY", "PRIVACY")
RULED = ("INSTRUCTOR", "ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT")
"""Roles of which a tenant's own rules may speak."""

_LONG_AGO, _LONG_AFTER = NOON - timedelta(days=4_000), NOON + timedelta(days=40_000)


def populate(rng: random.Random, tenant_id: UUID, slug: str, people: int = PEOPLE, events: int = 24) -> Tables:
    """Return the rows of a tenant of that id with `people` people."""
    return _Population(rng, tenant_id, slug).draw(people, events)


class _Population:
    """One tenant being drawn. Who is drawn later knows of those drawn before."""

    def __init__(self, rng: random.Random, tenant_id: UUID, slug: str) -> None:
        self._rng = rng
        self._tenant_id = tenant_id
        self._tables: Tables = {name: [] for name in TABLES}
        self._add("tenant_directory", slug=slug)
        told = {"slug": slug, "name": f"Tenant {slug}", "platform": False, "created_at": NOON}
        self._add("tenant", policy_stamp=key(self._rng), **told)
        self._add("agreement", version=1, retention_years=2, signed_at=NOON)

    def draw(self, people: int, events: int) -> Tables:
        """Return the tenant's rows."""
        self._draw_rules()
        self._draw_people(people)
        self._draw_courses()
        self._draw_seats()
        self._draw_cases()
        self._draw_sessions()
        self._tables["access_event"] = draw_events(self._rng, self._tenant_id, self._tables, events)
        self._draw_lifts()
        return self._tables

    def _add(self, table: str, **given: object) -> Row:
        """Add a row: what is not given is drawn."""
        row = full(table, self._tenant_id, **given)
        for column in COLUMNS[table]:
            if column.name == "id" and "id" not in given:
                row["id"] = key(self._rng)
            elif column.name not in given and column.name != "tenant_id":
                row[column.name] = value(table, column.name, self._rng)
        self._tables[table].append(row)
        return row

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _some(self, table: str, most: int) -> list[Row]:
        rows = self._tables[table]
        return self._rng.sample(rows, min(len(rows), self._rng.randint(0, most)))

    def _draw_rules(self) -> None:
        """Let half of the tenants deny their admins, teachers and helpers some of what the platform lets them read."""
        for _ in range(1, self._rng.choice((1, 1, 1, 3, 5, 9))):
            role, about = self._rng.choice(RULED), self._rng.choice((None, None, "MINOR", "RESTRICTED"))
            self._rule(role, self._rng.choice(FIELDS), about, allow=False)

    def _draw_lifts(self) -> None:
        """Let most agreements grant something, and the admins allow most of that, and a little beyond."""
        every = sorted(set(grantable()))
        granted = self._rng.sample(every, self._rng.choice((0, 3, 6, len(every))))
        for role, object_ in granted:
            self._add("agreement_grant", version=1, role=role, object=object_)
        for role, object_ in every:
            if self._chance(0.85 if (role, object_) in granted else 0.15):
                self._rule(role, object_, self._rng.choice((None, None, None, "MINOR")), allow=True)

    def _rule(self, role: str, object_: str, about: str | None, *, allow: bool) -> None:
        said = {"role": role, "object": object_, "subject": about, "allow": allow}
        kept = dict.fromkeys(("removed_version", "removed_by", "removed_at"))
        version = len(self._tables["tenant_rule"]) + 1
        self._add("tenant_rule", version=version, added_at=NOON, **said, **kept)

    def _draw_people(self, number: int) -> None:
        for _ in range(number):
            one = self._add("person", minor=self._chance(0.4), restricted=self._chance(0.25))
            if self._chance(0.94):
                self._add("membership", person_id=one["id"], joined_at=NOON, left_at=self._left())
                for role, share in (("INSTRUCTOR", 0.3), ("ENTERPRISE_ADMIN", 0.15), ("SECURITY", 0.05)):
                    if self._chance(share):
                        self._add("role_grant", person_id=one["id"], role=role, granted_by=None)
        everybody = self._tables["person"]
        pairs = {tuple(each["id"] for each in self._rng.sample(everybody, 2)) for _ in range(number)}
        for guardian, ward in sorted(pairs):
            confirmed = NOON if self._chance(0.85) else None
            withdrawn = NOON if self._chance(0.15) else None
            self._add(
                "guardianship", guardian_id=guardian, ward_id=ward, confirmed_at=confirmed, withdrawn_at=withdrawn
            )

    def _left(self) -> object:
        return self._rng.choice((None, None, None, None, _LONG_AFTER, _LONG_AGO))

    def _draw_courses(self) -> None:
        for _ in range(COURSES):
            course = self._add("course", code=self._rng.choice(("MATH", "ART", "MATH2")))
            for _ in range(self._rng.randint(0, 3)):
                self._add("assessment", course_id=course["id"])
        for one in self._tables["person"]:
            teaches = 2 if any(each["person_id"] == one["id"] for each in self._tables["role_grant"]) else 0
            for course in self._some("course", teaches or int(self._chance(0.1))):
                self._add("teaching", course_id=course["id"], person_id=one["id"])
            for course in self._some("course", 3):
                self._enroll(one["id"], course["id"])

    def _enroll(self, learner: UUID, course: UUID) -> None:
        enrolled = self._add("enrollment", course_id=course, learner_id=learner)
        for each in self._tables["assessment"]:
            if each["course_id"] == course and self._chance(0.6):
                self._add("assessment_result", enrollment_id=enrolled["id"], assessment_id=each["id"])

    def _draw_seats(self) -> None:
        for _ in range(3):
            pool = self._add("seat_pool", starts_on=NOON.date(), ends_on=NOON.date() + timedelta(days=90))
            for course in self._some("course", 3):
                self._add("seat_pool_course", pool_id=pool["id"], course_id=course["id"])
        pools = self._tables["seat_pool"][:2]
        for one in self._tables["person"]:
            for pool in pools:
                if self._chance(0.5):
                    self._add("seat", pool_id=pool["id"], person_id=one["id"])
                    if self._chance(0.2):
                        self._add("seat", pool_id=pool["id"], person_id=one["id"], status="REVOKED")

    def _draw_cases(self) -> None:
        for role in STAFF_ROLES:
            for purpose in PURPOSES[role]:
                facts = {"reason": "asked", "ticket": f"{role}-{purpose}", "opened_at": NOON, "expires_at": _LONG_AFTER}
                case = self._add(
                    "staff_case", staff_id=key(self._rng), staff_role=role, purpose=purpose, closed_at=None, **facts
                )
                for one in self._some("person", 6 if role == "SUPPORT" else 1):
                    self._add("staff_case_subject", case_id=case["id"], person_id=one["id"])

    def _draw_sessions(self) -> None:
        bearers = [{"person_id": each["id"], "case_id": None} for each in self._tables["person"]]
        bearers += [{"person_id": None, "case_id": each["id"]} for each in self._tables["staff_case"]]
        for bearer, has_ended in product(bearers, (False, True)):
            ended = NOON if has_ended else None
            self._add("session", started_at=_LONG_AGO, expires_at=_LONG_AFTER, ended_at=ended, **bearer)
