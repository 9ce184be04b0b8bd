"""Random valid documents over the contract's schema, repeatable by their seed and below the gate's limits."""

import random
from typing import Any, NamedTuple

from graphql import (
    GraphQLField,
    GraphQLSyntaxError,
    Lexer,
    Source,
    TokenKind,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    parse,
    validate,
)

from tests.oracle.contract import SCHEMA, fields_of
from tests.oracle.filling import Values, literal
from tests.oracle.material import KINDS, MALFORMED, Material

DEPTH = 5
ROWS, COST, WORDS, ALIASES = 1_500, 20_000, 1_200, 80
"""Well below what the gate lets through: 50,000 values, 1,400 tokens, 100 aliases, 16 KiB."""

_LIST_GUESS = 5

WEIGHTS = {"accessEvents": 4, "accessLog": 4, "disclosures": 2, "denials": 2, "actor": 2}
"""How much more often than others a field is asked: the trail is long, and each sees a part of it."""


class Document(NamedTuple):
    """A document's text, and the variables to send with it."""

    text: str
    variables: dict[str, Any]


def generate(seed: int, material: Material) -> Document:
    """Return the valid document of this seed."""
    for attempt in range(100):
        made = _Writer(random.Random(f"{seed}/{attempt}"), material).write()
        if made is not None and _is_small(made.text) and not validate(SCHEMA, parse(made.text)):
            return made
    raise ValueError(f"No document for the seed {seed} is small enough.")


class _Place(NamedTuple):
    """Where a selection stands: how deep, in how many objects, and whether exactly one object is sure to be there."""

    depth: int
    times: int
    certain: bool
    aliased: bool = False


class _Writer:
    """One document being written."""

    def __init__(self, rng: random.Random, material: Material) -> None:
        self._rng = rng
        self._material = material
        self._values = Values(rng, material)
        self._fragments: dict[str, tuple[str, str, int]] = {}
        self._plain: set[str] = set()
        self._names = 0
        self._cost = 0
        self._spoils = rng.random() < 0.15
        """Whether one list gets arguments that cannot be used. Then all ids are well formed."""

    def write(self) -> Document | None:
        """Return the document, None when it grew too large."""
        place = _Place(self._rng.randint(2, DEPTH), 1, certain=True)
        chosen = self._some_of(list(fields_of("Query")), self._rng.randint(1, 4))
        body = " ".join(self._field("Query", name, place) for name in chosen)
        if self._cost > COST or self._names > ALIASES:
            return None
        declared = f"({', '.join(self._values.declared)})" if self._values.declared else ""
        head = (
            f"query {self._rng.choice(('Q', 'Reads', ''))}{declared} " if declared or self._values.chance(0.5) else ""
        )
        tail = "".join(f" fragment {name} on {kind} {text}" for name, (kind, text, _) in self._fragments.items())
        return Document(f"{head}{{ {body} }}{tail}", self._values.sent)

    def _selection(self, kind: str, place: _Place) -> str:
        if kind == "Node":
            return self._node(place)
        if kind.endswith("Connection"):
            return self._page(kind.removesuffix("Connection"), place)
        names = list(fields_of(kind))
        leaves = [name for name in names if is_leaf_type(get_named_type(fields_of(kind)[name].type))]
        objects = [name for name in names if name not in leaves]
        parts = [self._leaf(name, place) for name in self._rng.choices(leaves, k=self._rng.randint(1, 5)) if leaves]
        if place.depth > 0 and objects and place.times <= ROWS // 2 and self._cost < COST // 2:
            most = (1, 2, 3) if kind == "AccessEvent" else (0, 1, 1, 2)
            parts += [self._field(kind, name, place) for name in self._some_of(objects, self._rng.choice(most))]
        if kind in KINDS and not place.aliased:
            parts += self._extras(kind, leaves, place)
        self._rng.shuffle(parts)
        return f"{{ {' '.join(parts)} }}"

    def _some_of(self, names: list[str], count: int) -> list[str]:
        return self._rng.choices(names, [WEIGHTS.get(name, 1) for name in names], k=count)

    def _leaf(self, name: str, place: _Place) -> str:
        self._cost += place.times
        alias = f"{self._name()}: " if place.aliased or self._values.chance(0.05) else ""
        return f"{alias}{name}{self._values.directive()}"

    def _extras(self, kind: str, leaves: list[str], place: _Place) -> list[str]:
        """Return some of: the type's name, a named fragment, inline fragments."""
        parts = []
        if self._values.chance(0.2):
            parts.append("__typename")
        if self._values.chance(0.2):
            parts.append(f"...{self._fragment(kind, leaves, place)}{self._values.directive()}")
        if self._values.chance(0.15):
            on = self._rng.choice((f" on {kind}", "", " on Node"))
            inner = "id __typename" if on == " on Node" else " ".join(self._leaf(each, place) for each in leaves[:3])
            parts.append(f"...{on}{self._values.directive()} {{ {inner} }}")
        return parts

    def _fragment(self, kind: str, leaves: list[str], place: _Place) -> str:
        known = [name for name, (on, _, _) in self._fragments.items() if on == kind]
        name = self._rng.choice(known) if known else f"F{len(self._fragments)}"
        if not known:
            chosen = self._rng.sample(leaves, min(len(leaves), 4))
            text = f"{{ {' '.join(self._leaf(each, place) for each in chosen)} }}"
            self._fragments[name] = (kind, text, len(chosen))
        self._cost += place.times * self._fragments[name][2]
        return name

    def _node(self, place: _Place) -> str:
        """Return a selection of whatever an id may name; aliases keep fields of different types apart."""
        parts = ["__typename", "id"] if self._values.chance(0.7) else ["__typename"]
        inner = place._replace(depth=min(place.depth, 2), aliased=True, certain=False)
        kinds = self._rng.sample(KINDS, self._rng.randint(1, 4))
        parts += [f"... on {kind}{self._values.directive()} {self._selection(kind, inner)}" for kind in kinds]
        return f"{{ {' '.join(parts)} }}"

    def _page(self, kind: str, place: _Place) -> str:
        """Return a selection of a page. Its rows are always asked for, so that what a filter used comes back."""
        how = self._rng.choice(("nodes", "nodes", "edges", "cursors", "both"))
        parts = []
        if how in ("nodes", "both"):
            parts.append(f"nodes {self._selection(kind, place)}")
        if how in ("edges", "both"):
            parts.append(f"edges {{ cursor node {self._selection(kind, place)} }}")
        if how == "cursors":
            parts.append("edges { cursor __typename }")
        if self._values.chance(0.4):
            parts.append("pageInfo { hasNextPage hasPreviousPage startCursor endCursor }")
        if self._values.chance(0.1):
            parts.append(f"... on {kind}Connection {{ pageInfo {{ endCursor }} }}")
        self._cost += 6 * place.times
        return f"{{ {' '.join(parts)} }}"

    def _field(self, kind: str, name: str, place: _Place) -> str:
        definition = fields_of(kind)[name]
        target = get_named_type(definition.type).name
        certain = place.certain and (kind, name) in {("Query", "viewer"), ("Query", "tenant"), ("Viewer", "tenant")}
        inner = _Place(place.depth - 1, place.times, certain)
        if "first" in definition.args:
            given, size = self._list_arguments(kind, name, definition, place)
            inner = inner._replace(times=place.times * size)
        elif definition.args:
            given, count = self._ids(name, target)
            known = name == "course" and any(text in given for text in self._material.ids["Course"])
            inner = inner._replace(times=place.times * count, certain=known)
        else:
            many = is_list_type(get_nullable_type(definition.type))
            given, inner = "", inner._replace(times=place.times * (_LIST_GUESS if many else 1))
        self._cost += place.times
        alias = self._alias(name, bool(definition.args), place)
        arguments = f"({given})" if given else ""
        return f"{alias}{name}{arguments}{self._values.directive()} {self._selection(target, inner)}"

    def _list_arguments(self, kind: str, name: str, definition: GraphQLField, place: _Place) -> tuple[str, int]:
        target = get_named_type(definition.type).name.removesuffix("Connection")
        if self._spoils and place.certain and name != "seatPools":
            self._spoils = False
            return self._values.bad(target if "filter" in definition.args else ""), 100
        size, count = self._values.size(max(1, ROWS // place.times if kind != "Query" else 100))
        parts = [size] if size else []
        if "filter" in definition.args and self._values.chance(0.45):
            parts.append(f"filter: {self._values.filter(get_named_type(definition.args['filter'].type).name)}")
        if "orderBy" in definition.args and self._values.chance(0.4):
            parts.append(f"orderBy: {self._values.order(get_named_type(definition.args['orderBy'].type).name)}")
        return ", ".join(parts), count

    def _ids(self, name: str, target: str) -> tuple[str, int]:
        if name == "nodes":
            ids = [self._id(self._rng.choice(KINDS)) for _ in range(self._rng.randint(0, 8))]
            return f"ids: {self._values.put('[ID!]!', ids)}", max(1, len(ids))
        kind = target if target in KINDS and self._values.chance(0.9) else self._rng.choice(KINDS)
        text = self._id(kind)
        # A course's id stands in the text: where it leads is known to exist.
        return f"id: {literal(text) if name == 'course' else self._values.put('ID!', text)}", 1

    def _id(self, kind: str) -> str:
        if not self._spoils and self._values.chance(0.06):
            return self._rng.choice(MALFORMED)
        return self._material.id_of(kind, self._rng)

    def _alias(self, name: str, has_arguments: bool, place: _Place) -> str:
        # Two fields of one name with different arguments do not merge, wherever fragments bring them together.
        if has_arguments and name in self._plain:
            return f"{self._name()}: "
        if has_arguments:
            self._plain.add(name)
        return f"{self._name()}: " if place.aliased or self._values.chance(0.15) else ""

    def _name(self) -> str:
        self._names += 1
        return f"a{self._names}"


def _is_small(text: str) -> bool:
    lexer, count = Lexer(Source(text)), 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            count += 1
    except GraphQLSyntaxError:
        raise AssertionError(text) from None
    return count <= WORDS and len(text.encode()) <= 12_000
