"""Random documents that fit the example schema, small enough for the oracle to walk."""

import random
from typing import Any

from graphql import GraphQLSchema, get_named_type, is_leaf_type, is_required_argument

# Under one interface two types may have these with types that do not merge.
_CLASHING = {"title", "name", "enrollments"}
_TYPES = (
    "Query",
    "Viewer",
    "Learner",
    "LearnerConnection",
    "Course",
    "CourseConnection",
    "EnrollmentConnection",
    "Enrollment",
    "Node",
)


_PAGE_SIZES = ("1", "10", "100", "0", "101", "-5", "null", "$n ", "$m ", "$all ", "$none ")


class RandomDocument:
    """A valid document: ``text``, and ``variables`` to send with it."""

    def __init__(self, schema: GraphQLSchema, rng: random.Random) -> None:
        self._schema = schema
        self._rng = rng
        self._names = 0
        self._used: set[str] = set()
        self._spread: set[str] = set()
        self._fragments: list[tuple[str, str, str]] = []
        for i in reversed(range(rng.randint(0, 12))):
            on = rng.choice(_TYPES)
            self._fragments.append((f"F{i}", on, self._selections(on, rng.randint(1, 2))))
        # Only what the operation reaches may stay: an unused fragment is an error.
        self._spread.clear()
        self._used.clear()
        body = self._selections("Query", rng.randint(1, 4))
        kept = self._reached(body)
        whole = body + "".join(text for _, _, text in kept)
        declared = [
            d
            for d in ("$n: Int", "$m: Int = 7", "$all: Int = 300", "$none: Int = null", "$ids: [ID!]!")
            if d.split(":")[0] in whole.split()
        ]
        self.text = f"query{'(' + ', '.join(declared) + ')' if declared else ''} {{ {body} }} " + " ".join(
            f"fragment {name} on {on} {{ {text} }}" for name, on, text in kept
        )
        self.variables: dict[str, Any] = {"ids": ["x"] * rng.randint(0, 4)}
        for name in ("n", "m"):
            if rng.random() < 0.7:
                self.variables[name] = rng.choice((1, 3, 100, 101, -1, 0, None, True, "7", 2.0, [1]))

    def _reached(self, body: str) -> list[tuple[str, str, str]]:
        reached, texts = set(), [body]
        by_name = {name: (name, on, text) for name, on, text in self._fragments}
        while texts:
            for word in texts.pop().split():
                if word.startswith("...F") and word[3:] not in reached:
                    reached.add(word[3:])
                    texts.append(by_name[word[3:]][2])
        return [by_name[name] for name in sorted(reached)]

    def _selections(self, on: str, depth: int) -> str:
        return " ".join(self._selection(on, depth) for _ in range(self._rng.randint(1, 4)))

    def _selection(self, on: str, depth: int) -> str:
        chance = self._rng.random()
        directive = self._rng.choice((" @include(if: true)", "", "", ""))
        fitting = [
            name
            for name, type_, _ in self._fragments
            if type_ == on or (on == "Node" and type_ in ("Learner", "Course"))
        ]
        if chance < 0.4 and fitting:
            return f"...{self._rng.choice(fitting)} {directive}"
        if chance < 0.5 and depth > 0:
            narrowed = self._rng.choice(("Node", "Learner", "Course")) if on == "Node" else on
            condition = "" if narrowed == on and self._rng.random() < 0.5 else f"on {narrowed}"
            return f"... {condition}{directive} {{ {self._selections(narrowed, depth - 1)} }}"
        return self._field(on, depth, directive)

    def _field(self, on: str, depth: int, directive: str) -> str:
        fields: Any = getattr(self._schema.type_map[on], "fields")  # noqa: B009 - only some types have fields
        fitting = [
            n
            for n, f in fields.items()
            if n not in ("forest", "explain") and (depth > 0 or is_leaf_type(get_named_type(f.type)))
        ]
        if not fitting or self._rng.random() < 0.1:
            return "__typename" + directive
        name = self._rng.choice(fitting)
        arguments = self._arguments(fields[name])
        alias = ""
        if arguments or name in _CLASHING or self._rng.random() < 0.3:
            self._names += 1
            alias = f"a{self._names}: "
        below = get_named_type(fields[name].type)
        inner = "" if is_leaf_type(below) else f" {{ {self._selections(below.name, depth - 1)} }}"
        return f"{alias}{name}{arguments}{directive}{inner}"

    def _arguments(self, definition: Any) -> str:
        given = []
        for name, argument in definition.args.items():
            if name in ("first", "last") and self._rng.random() < 0.5:
                given.append(f"{name}: {self._rng.choice(_PAGE_SIZES)}")
            elif name == "ids":
                given.append(f"ids: {self._rng.choice(('$ids ', '[]', '[1, 2, 3]'))}")
            elif is_required_argument(argument):
                given.append(f'{name}: "x"')
        return f"({', '.join(given)} )" if given else ""
