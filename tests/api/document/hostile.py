"""Documents of up to 10 KB, each made to be slow or wrong in its own way."""

import random
from collections.abc import Callable, Iterator

SIZE = 10_000

PASS = "passes"
SYNTAX, INVALID, COSTLY = "SYNTAX", "INVALID_DOCUMENT", "DOCUMENT_TOO_COSTLY"


def _fill(part: Callable[[int], str], size: int = SIZE, begin: str = "", end: str = "") -> str:
    """As many parts as fit into ``size`` characters."""
    parts: list[str] = []
    room = size - len(begin) - len(end)
    while room >= len(part(len(parts))):
        parts.append(part(len(parts)))
        room -= len(parts[-1])
    return begin + "".join(parts) + end


def _tokens(part: Callable[[int], str], count: int, begin: str = "", end: str = "") -> str:
    """A document of the same kind with ``count`` parts: small enough not to be refused for its size."""
    return begin + "".join(map(part, range(count))) + end


def _chain(length: int, body: str, last: str = "id", on: str = "Learner") -> str:
    fragments = (f"fragment F{i} on {on} {{{body.replace('#', str(i + 1))}}}" for i in range(length))
    return " ".join([*fragments, f"fragment F{length} on {on} {{{last}}}"])


def hostile() -> Iterator[tuple[str, str, str]]:
    """Kind, text and what becomes of it with the limits as they are."""
    yield from _same_names()
    yield from _floods()
    yield from _fragments()
    yield from _literals()
    yield from _definitions()


def _same_names() -> Iterator[tuple[str, str, str]]:
    """Response names that have to be compared with each other."""
    yield "same name flood", _fill(lambda _: "a ", begin="{", end="}"), COSTLY
    yield "same name flood, few tokens", _tokens(lambda _: " id", 180, "{viewer{", "}}"), COSTLY
    yield "same object flood", _tokens(lambda _: "viewer{id}", 190, "{", "}"), COSTLY
    yield "same name, nested", _nested_duplicates(2, 6), COSTLY
    yield "same name, arguments", _tokens(lambda i: f'node(id:"{i}"){{id}}', 150, "{", "}"), COSTLY
    yield "double spread chain", "{learner(id:1){...F0}}" + _chain(60, "...F# ...F#"), COSTLY
    yield (
        "double spread chain, fields",
        "{learner(id:1){...F0}}" + _chain(60, "guardians{...F#} guardians{...F#}"),
        COSTLY,
    )
    yield "aliased spread chain", "{learner(id:1){...F0}}" + _chain(60, "a:guardians{...F#} b:guardians{...F#}"), COSTLY
    yield "fragments side by side", _side_by_side(70, "id name email minor"), COSTLY
    yield (
        "fragments side by side, wide",
        _side_by_side(50, "id name email minor enrollments{nodes{id progress}}"),
        COSTLY,
    )
    yield "fragments that cross", _crossing(11), COSTLY


def _floods() -> Iterator[tuple[str, str, str]]:
    """Much of one thing."""
    yield "alias flood", _fill(lambda i: f"a{i}:__typename ", begin="{", end="}"), COSTLY
    yield "alias flood of pages", _tokens(lambda i: f"a{i}:learners(first:100){{nodes{{id}}}}", 90, "{", "}"), PASS
    yield "field flood", _tokens(lambda i: " id name", 170, "{viewer{learner{", "}}}"), COSTLY
    yield "inline fragment flood", _tokens(lambda _: "...on Query{__typename}", 190, "{", "}"), COSTLY
    yield "empty inline fragments", _tokens(lambda _: "...{}", 455, "{", "}"), INVALID
    yield "nested inline fragments", "{" + "...{" * 30 + "__typename" + "}" * 31, PASS
    yield (
        "nested inline fragments, chained",
        "{learner(id:1){...F0}}" + _chain(12, "...{" * 24 + "...F#" + "}" * 24),
        COSTLY,
    )
    yield "directive flood", _fill(lambda _: "@skip(if:true)", begin="{__typename", end="}"), COSTLY
    yield (
        "directive flood, spread out",
        _tokens(lambda i: f"a{i}:__typename@skip(if:$v)", 95, "query($v:Boolean!){", "}"),
        PASS,
    )
    yield "unknown directives", _tokens(lambda i: f"@d{i}", 90, "{__typename", "}"), INVALID


def _fragments() -> Iterator[tuple[str, str, str]]:
    """Fragments that are not what they should be, and names that do not exist."""
    yield "unused fragments", "{__typename}" + _tokens(lambda i: f"fragment F{i} on Learner{{id name}}", 80), INVALID
    yield "too many fragments", _fill(lambda i: f"fragment F{i} on Learner{{id}}", begin="{__typename}"), COSTLY
    yield "cyclic fragments", "{learner(id:1){...F0}}" + _chain(60, "...F#", "...F0"), INVALID
    yield "self spread", "{learner(id:1){...F}}fragment F on Learner{" + "...F " * 100 + "}", INVALID
    yield "every fragment spreads every fragment", _all_to_all(24), INVALID
    yield "unknown fragments", _tokens(lambda i: f"...F{i} ", 690, "{", "}"), INVALID
    yield "unknown fields", _tokens(lambda i: f"viewe{i} ", 190, "{", "}"), INVALID
    yield "unknown arguments", _tokens(lambda i: f"firs{i}:1 ", 455, "{learners(", "){nodes{id}}}"), INVALID
    yield "same argument flood", _tokens(lambda _: "first:1 ", 455, "{learners(", "){nodes{id}}}"), INVALID
    yield "unknown types", _tokens(lambda i: f"...on Learne{i}{{a{i}:id}}", 90, "{", "}"), INVALID
    yield "introspection loop", "{__schema{types{" + "fields{type{" * 8 + "name" + "}}" * 8 + "}}}", COSTLY
    yield "introspection, aliased", _tokens(lambda i: f"a{i}:__schema{{types{{fields{{name}}}}}}", 40, "{", "}"), COSTLY


def _literals() -> Iterator[tuple[str, str, str]]:
    """Nesting and literals."""
    yield "deep selection", "{" + "a{" * 4900 + "b" + "}" * 4901, COSTLY
    yield "deep list", "{node(id:" + "[" * 4990 + "1" + "]" * 4990 + ")}", COSTLY
    yield "deep object", "{node(id:" + "{a:" * 2400 + "1" + "}" * 2400 + "){id}}", COSTLY
    yield "deep type", "query($v:" + "[" * 4990 + "Int" + "]" * 4990 + "){__typename}", COSTLY
    yield "open brackets", "{" * SIZE, COSTLY
    yield "open brackets in a list", "{a(b:" + "[" * (SIZE - 5), COSTLY
    yield "wide list", _tokens(lambda i: f"{i} ", 1_370, "{nodes(ids:[", "]){id}}"), PASS
    yield "wide list, wrong items", _tokens(lambda i: f"{i}.5 ", 1_370, "{nodes(ids:[", "]){id}}"), INVALID
    yield (
        "objects without required fields",
        _tokens(lambda _: "{leaf:1}", 270, '{forest(tree:{required:"",children:[', "]})}"),
        INVALID,
    )
    yield "unknown input fields", _tokens(lambda i: f"emai{i}:1 ", 455, "{learners(filter:{", "}){nodes{id}}}"), INVALID
    yield "same input field flood", _tokens(lambda _: 'email:"" ', 455, "{learners(filter:{", "}){nodes{id}}}"), INVALID
    yield "huge string", '{node(id:"' + "x" * (SIZE - 20) + '"){id}}', PASS
    yield "huge block string", '{node(id:"""' + "\n x" * 3_300 + '"""){id}}', PASS
    yield "escapes", '{node(id:"' + "\\u00e4" * 1_600 + '"){id}}', PASS
    yield "open block string", '{node(id:"""' + '\\"""' * 2_400, SYNTAX
    yield "open strings", '{node(id:"' + '"\n"' * 600, SYNTAX
    yield "huge integer", "{learners(first:" + "9" * (SIZE - 40) + "){nodes{id}}}", COSTLY
    yield "huge integer in JSON", '{explain(document:"",variables:{a:' + "9" * (SIZE - 60) + "})}", COSTLY
    yield "huge exponent", '{explain(document:"",variables:[1e' + "9" * (SIZE - 60) + "])}", COSTLY
    yield "huge name", "{" + "n" * (SIZE - 2) + "}", INVALID


def _definitions() -> Iterator[tuple[str, str, str]]:
    """Variables, operations, and what is no text."""
    yield "variables", _fill(lambda i: f"$v{i}:Int ", begin="query(", end="){__typename}"), COSTLY
    yield "unused variables", _tokens(lambda i: f"$v{i}:Int ", 100, "query(", "){__typename}"), INVALID
    yield "same variable flood", _tokens(lambda _: "$v:Int ", 100, "query(", "){__typename}"), INVALID
    yield "undefined variables", _tokens(lambda i: f"$v{i} ", 680, "{nodes(ids:[", "]){id}}"), INVALID
    yield (
        "defaults",
        _tokens(lambda i: f'$v{i}:LearnerFilter={{email:"",name:{{eq:""}}}} ', 75, "query(", "){__typename}"),
        INVALID,
    )
    yield "operations", _fill(lambda i: f"query Q{i}{{__typename}}"), COSTLY
    yield "anonymous operations", "{__typename}" * 10, INVALID
    yield "operations over shared fragments", _shared(10, 60), INVALID
    yield "comments", "#\n" * (SIZE // 2), COSTLY
    yield "one comment", "{__typename}#" + "x" * (SIZE - 20), PASS
    yield "commas", "{__typename" + "," * (SIZE - 20) + "}", PASS
    yield "line ends", "{__typename" + "\r\n" * 4_000 + "}", PASS
    yield "byte order marks", "\ufeff" * 3_000 + "{__typename}", PASS
    yield "four-byte characters", '{node(id:"' + "\U0001f600" * 2_400 + '"){id}}', PASS
    yield "lone surrogate", '{node(id:"\ud800"){id}}', SYNTAX
    yield "paired surrogates", '{node(id:"\ud83d\ude00"){id}}', SYNTAX
    yield "surrogate escape", '{node(id:"\\ud800"){id}}', SYNTAX
    yield "NUL", '{node(id:"\0"){id}}', SYNTAX
    yield "invalid escape", '{node(id:"\\q"){id}}', SYNTAX
    yield "nothing", "", SYNTAX
    yield "white space", " " * SIZE, SYNTAX
    yield "type definitions", _fill(lambda i: f"type T{i}{{a:Int}}"), COSTLY
    yield "type definition", "type T { a: Int } { __typename }", INVALID
    yield "subscription", "subscription { viewer { id } }", INVALID
    yield "no operation", "fragment F on Learner { id }", INVALID
    yield "random bytes", _noise(), SYNTAX


def _nested_duplicates(width: int, depth: int) -> str:
    inner = "id"
    for _ in range(depth):
        inner = " ".join(["guardians{" + inner + "}"] * width)
    return "{learner(id:1){" + inner + "}}"


def _side_by_side(count: int, body: str) -> str:
    fragments = "".join(f"fragment F{i} on Learner{{{body}}}" for i in range(count))
    return "{learner(id:1){" + "".join(f"...F{i} " for i in range(count)) + "}}" + fragments


def _crossing(depth: int) -> str:
    """Two chains of fragments whose selections under one name meet level by level."""
    parts = ["{learner(id:1){...A0 ...B0}}"]
    for i in range(depth):
        below = f"guardians{{...A{i + 1} ...B{i + 1}}} guardians{{...B{i + 1}}}"
        parts += [f"fragment {side}{i} on Learner{{{below}}}" for side in "AB"]
    parts += [f"fragment {side}{depth} on Learner{{id}}" for side in "AB"]
    return "".join(parts)


def _all_to_all(count: int) -> str:
    spreads = "".join(f"...F{i} " for i in range(count))
    return "{learner(id:1){...F0}}" + "".join(f"fragment F{i} on Learner{{{spreads}}}" for i in range(count))


def _shared(operations: int, fragments: int) -> str:
    asked = "".join(f"query Q{i}{{learner(id:$v){{...F0}}}}" for i in range(operations))
    return asked + _chain(fragments, "id ...F#")


def _noise() -> str:
    rng = random.Random(7)
    return "{" + "".join(rng.choice('{}()[]:$@!|&="#.\\ \nab01-é') for _ in range(1_000))
