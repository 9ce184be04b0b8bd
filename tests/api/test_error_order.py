"""Errors come in the order of the places in the answer that they are about."""

import random
from typing import Any

import pytest
from graphql import GraphQLError

from api.error_order import in_order

DATA: dict[str, Any] = {
    "z": {"nodes": [{"b": None, "a": None}, {"b": None, "a": {"x": None}}]},
    "a": [None, {"y": 1}, None],
    "m": None,
}
ORDER: list[list[str | int] | None] = [
    None,
    ["z"],
    ["z", "nodes", 0, "b"],
    ["z", "nodes", 0, "a"],
    ["z", "nodes", 1, "b"],
    ["z", "nodes", 1, "a", "x"],
    ["a", 0],
    ["a", 2, "deep", "er"],
    ["m", "inner", 3],
]


def paths(errors: list[GraphQLError]) -> list[list[str | int] | None]:
    return [error.path for error in errors]


def test_errors_stand_in_the_order_of_the_answer_not_of_names() -> None:
    for seed in range(50):
        errors = [GraphQLError("no", path=path) for path in ORDER]
        random.Random(seed).shuffle(errors)
        assert paths(in_order(errors, DATA)) == ORDER


def test_positions_in_a_list_are_numbers() -> None:
    data = {"a": [None] * 12}
    errors = [GraphQLError("no", path=["a", at]) for at in (10, 9, 2, 11)]
    assert [error.path for error in in_order(errors, data)] == [["a", at] for at in (2, 9, 10, 11)]


def test_errors_of_one_place_keep_their_order() -> None:
    errors = [GraphQLError(message, path=["m"]) for message in ("one", "two", "three")]
    assert [error.message for error in in_order(errors, DATA)] == ["one", "two", "three"]


@pytest.mark.parametrize("data", [None, {}, {"a": None}, {"a": 1}, {"a": []}, {"a": {"b": "text"}}])
@pytest.mark.parametrize("path", [["a", 5, "b", 7], ["a", "b", "c"], ["x"], [], ["a", 0, 0]])
def test_a_place_that_is_not_in_the_answer_fails_nothing(data: dict[str, Any] | None, path: list[str | int]) -> None:
    one, other = GraphQLError("one", path=path), GraphQLError("other")
    assert [error.message for error in in_order([one, other], data)][-1 if path else 0] == "one"


def test_no_errors_are_none() -> None:
    assert in_order([], None) == []
