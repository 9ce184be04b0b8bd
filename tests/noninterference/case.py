"""One case: a viewer and a document, asked before and after everything was rewritten that the viewer may not see.

A case is made by a seed and a number: its tenants, the scene, are those of `PER_SCENE` cases, all else is its own.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from graphql import parse, print_ast

from tests.noninterference.asking import Answer, Asked
from tests.noninterference.comparing import Outcome, Rewriting, Stage
from tests.noninterference.documents import (
    beforehand_document,
    change_document,
    lookup_document,
    next_page,
    page_document,
    turned,
)
from tests.noninterference.events import FIELDS
from tests.noninterference.population import populate
from tests.noninterference.rewriting import rewrite, rewrite_foreign
from tests.noninterference.sight import Sight, sight
from tests.noninterference.tables import Tables
from tests.noninterference.touching import touched
from tests.noninterference.values import NOON
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.documents import generate
from tests.oracle.material import Material, gather
from tests.oracle.policy import Cell
from tests.oracle.rules import ROLES
from tests.oracle.world import World

PER_SCENE = 25
"""Cases that share a scene."""


@dataclass(frozen=True)
class Scene:
    """A tenant full of people and another one beside it, made by a seed and the scene's number."""

    seed: int
    number: int

    @cached_property
    def tables(self) -> Tables:
        """The tenant's rows."""
        return self._populate("here", 22, 24)

    @cached_property
    def foreign(self) -> Tables:
        """Another tenant's rows."""
        return self._populate("elsewhere", 5, 4)

    @cached_property
    def world(self) -> World:
        """The tenant as the oracle reads it."""
        return World(self.tables, NOON)

    @cached_property
    def viewers(self) -> list[OracleViewer]:
        """Everybody who can sign in: members, and staff with a case."""
        members = [member(self.world, key) for key in self.world.people if self.world.is_member(key)]
        return members + [staff(self.world, key) for key in self.world.cases]

    def sight_of(self, viewer: OracleViewer) -> Sight:
        """Return what the viewer sees of the tenant."""
        if viewer not in self._sights:
            self._sights[viewer] = sight(self.world, viewer)
        return self._sights[viewer]

    @cached_property
    def _sights(self) -> dict[OracleViewer, Sight]:
        return {}

    def _populate(self, slug: str, people: int, events: int) -> Tables:
        rng = random.Random(f"{self.seed}/{slug}/{self.number}")
        name = f"{slug}-{self.seed}-{self.number}"
        return populate(rng, UUID(int=rng.getrandbits(128)), name, people, events)


def scenes(seed: int, cases: range) -> Iterator[tuple[Scene, range]]:
    """Yield the scenes in which the cases take place, each with the numbers of its own."""
    for number in range(cases.start // PER_SCENE, -(-cases.stop // PER_SCENE)):
        start = number * PER_SCENE
        yield Scene(seed, number), range(max(cases.start, start), min(cases.stop, start + PER_SCENE))


class Case:
    """One viewer, what they ask, and what is rewritten behind their back."""

    def __init__(self, scene: Scene, number: int) -> None:
        self.scene = scene
        self.number = number
        self._rng = random.Random(f"{scene.seed}/case/{number}")
        # A role first, so that the rare ones come up as often as those that everybody has.
        role = self._rng.choice(ROLES)
        holders = [each for each in scene.viewers if role in each.roles] or scene.viewers
        self.viewer = self._rng.choice(holders)
        self.rewritten = rewrite(self._rng, scene.tables, self.viewer, scene.sight_of(self.viewer))
        self._foreign = rewrite_foreign(self._rng, scene.foreign)
        self._path: tuple[str, ...] = ()
        self.first = self._document()

    async def compare(self, stage: Stage) -> Outcome:
        """Return what differs for the viewer. The scene's rows are held, and stay as they are."""
        rewritings = (
            Rewriting(self.scene.tables, self.rewritten.tables),
            Rewriting(self.scene.foreign, self._foreign),
        )
        instances = self._rng.choice(((0, 0), (0, 1), (1, 0)))
        return await stage.compare(self.viewer, self.first, rewritings, self._following, instances)

    @property
    def is_query(self) -> bool:
        """Whether the first document reads alone, and nothing but what the oracle answers."""
        return not self.first.document.startswith(("mutation", "query Before"))

    @property
    def is_lifted(self) -> bool:
        """Whether rules of the tenant let the viewer read what the platform promises to nobody in their roles."""
        roles, lifting = self.viewer.roles, self.scene.world.rules.lifting
        cells = [(role, *field.split("."), "ADULT", self.viewer.purpose_of(role)) for role in roles for field in FIELDS]
        return any(lifting(Cell(*cell)) for cell in cells)

    def touched(self) -> list[str]:
        """Return the kinds of leaks that would show in the answer to the first document."""
        return list(touched(self.first, self.viewer, self.scene.world, self.after)) if self.is_query else []

    @cached_property
    def after(self) -> World:
        """The tenant as the oracle reads it when all is rewritten."""
        return World(self.rewritten.tables, NOON)

    def report(self, asked: Asked, difference: str) -> str:
        """Return a difference with all that is needed to see it again."""
        who = f"case {self.viewer.case_id}" if self.viewer.case_id else f"person {self.viewer.person_id}"
        told = f"seed {self.scene.seed}, case {self.number}, {who} as {', '.join(self.viewer.roles)}"
        rows = ", ".join(self.rewritten.changes) or "no rows or relations"
        document = print_ast(parse(asked.document))
        return f"{told}; changed beside values: {rows}\n{difference}\n{document}\n{json.dumps(dict(asked.variables))}"

    def _following(self, answer: Answer, before: Asked) -> Asked | None:
        if not self._path or not answer.has_data:
            return None
        data: Mapping[str, Any] = json.loads(answer.body)["data"]
        cursor = next_page(data, self._path, self._rng, back="before: $page" in before.document)
        if cursor is None:
            return None
        document = turned(before.document) if self._rng.random() < 0.2 else before.document
        return Asked(document, {**before.variables, "page": cursor})

    def _document(self) -> Asked:
        material, chance = self._material(), self._rng.random()
        if chance < 0.3:
            made = generate(self._rng.getrandbits(40), material)
        elif chance < 0.75:
            made, self._path = page_document(self._rng, material)
        elif chance < 0.9:
            made = lookup_document(self._rng, material)
        elif chance < 0.97:
            made = change_document(self._rng, material)
        else:
            made = beforehand_document(self._rng, generate(self._rng.getrandbits(40), material))
        return Asked(made.text, made.variables)

    def _material(self) -> Material:
        """Return what documents are made of: also words and ids that are there only afterwards."""
        other = World(self.scene.foreign, NOON)
        before, after = gather(self.scene.world, other), gather(self.after, other)
        ids, words = [
            {kind: sorted({*found[kind], *more[kind]}) for kind in found}
            for found, more in ((before.ids, after.ids), (before.words, after.words))
        ]
        return Material(ids, before.foreign, words, sorted({*before.actors, *after.actors}))
