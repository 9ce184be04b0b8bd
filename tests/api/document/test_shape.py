import pytest
from graphql import parse

from api.document.limits import Limits
from api.document.refusal import DocumentRefused
from api.document.shape import check_shape


def refusal_of(text: str, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentRefused) as caught:
        check_shape(parse(text), limits or Limits())
    return str(caught.value)


def test_a_fragment_is_measured_where_it_is_spread() -> None:
    text = "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c: d }"
    check_shape(parse(text), Limits(depth=3, aliases=1, fields=3))
    assert "depth 3 is more than 2." in refusal_of(text, Limits(depth=2))


def test_an_unused_fragment_is_measured_too() -> None:
    assert "depth 3 is more than 2." in refusal_of("{ a } fragment F on T { a { b { c } } }", Limits(depth=2))


def test_a_fragment_bomb_is_refused_before_it_is_written_out() -> None:
    bomb = (
        "{ ...F0 }"
        + "".join(f"fragment F{i} on T {{ ...F{i + 1} ...F{i + 1} }}" for i in range(70))
        + "fragment F70 on T { a }"
    )
    assert "is more than" in refusal_of(bomb)


def test_a_bomb_of_aliases_counts_each_written_out_alias() -> None:
    bomb = "{ ...F0 }" + "".join(
        f"fragment F{i} on T {{ a: t {{ ...F{i + 1} }} b: t {{ ...F{i + 1} }} }}" for i in range(5)
    )
    bomb += "fragment F5 on T { a }"
    check_shape(parse(bomb), Limits(aliases=62))
    assert "aliases 62 is more than 61." in refusal_of(bomb, Limits(aliases=61))


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on T { ...F }",
        "{ ...F } fragment F on T { a { ... { ...G } } } fragment G on T { b ...F }",
        "{ a } fragment F on T { ...G } fragment G on T { ...H } fragment H on T { ...G }",
    ],
)
def test_a_fragment_that_spreads_itself_is_invalid(text: str) -> None:
    assert refusal_of(text).startswith("INVALID_DOCUMENT: Fragment '")


def test_a_fragment_spread_twice_is_no_cycle() -> None:
    check_shape(
        parse("{ ...F ...G } fragment F on T { ...H ...G } fragment G on T { ...H } fragment H on T { a }"), Limits()
    )


def test_directives_count_wherever_they_stand() -> None:
    text = "query ($v: Int @a) @b { c @d ... @e { f } ...F @g } fragment F on T @h { i @j }"
    check_shape(parse(text), Limits(directives=6))
    assert "directives 6 is more than 5." in refusal_of(text, Limits(directives=5))


def test_breadth_is_that_of_one_selection_set_with_what_is_spread_into_it() -> None:
    text = "{ a b ... { c } ...F x { y z } } fragment F on T { d e }"
    check_shape(parse(text), Limits(breadth=6))
    assert "breadth 6 is more than 5." in refusal_of(text, Limits(breadth=5))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("query A { a } query B { a }", "operations 2 is more than 1."),
        ("{ a } fragment F on T { a } fragment G on T { a }", "fragments 2 is more than 1."),
        ("{ a } fragment F on T { a } fragment F on T { a }", "fragments 2 is more than 1."),
        ("query A($v: Int) { a } query B($v: Int) { a }", "variables 2 is more than 1."),
        ("{ __schema { a } ...F } fragment F on Query { b: __type { a } }", "introspections 2 is more than 1."),
    ],
)
def test_what_stands_in_the_document_is_counted(text: str, what: str) -> None:
    names = ("operations", "fragments", "variables", "introspections")
    limits = Limits(**{name: 1 if what.startswith(name) else 9 for name in names})
    assert what in refusal_of(text, limits)


@pytest.mark.parametrize("text", ["{ }", "{ a { } }", "{ ... { } }", "{ a } fragment F on T { }"])
def test_an_empty_selection_set_is_invalid(text: str) -> None:
    assert refusal_of(text).startswith("INVALID_DOCUMENT: A selection set must select something.")


@pytest.mark.parametrize(
    "text", ["type T { a: Int }", "extend type T { a: Int }", "directive @a on FIELD", '"d" scalar S']
)
def test_only_operations_and_fragments_are_taken(text: str) -> None:
    assert refusal_of(text + " query { a }").startswith(
        "INVALID_DOCUMENT: A document holds operations and fragments only."
    )


def test_a_document_without_an_operation_is_invalid() -> None:
    assert refusal_of("fragment F on T { a }").startswith("INVALID_DOCUMENT: The document holds no operation.")


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(DocumentRefused) as caught:
        check_shape(parse("{ a }\nfragment F on T { b\n  ...F }"), Limits())
    assert caught.value.errors[0].formatted["locations"] == [{"line": 3, "column": 3}]
