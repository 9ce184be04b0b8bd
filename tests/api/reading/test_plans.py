"""Statements are compiled once, kept while they are used, and forgotten past a bound."""

from sqlalchemy import Integer, Select, Text, bindparam, column, literal, select, table

from api.reading.plans import Plans
from tenants.statements import compiled

things = table("things", column("id", Integer), column("name", Text))


def statement() -> Select[int]:
    wanted = bindparam("wanted", type_=Text)
    return select(things.c.id).where(things.c.name == wanted, things.c.id > literal(7), things.c.name != wanted)


def test_a_plan_has_its_values_in_the_order_of_the_text() -> None:
    plan = compiled(statement())
    arguments = plan.arguments({"wanted": "x", "unused": object()})
    assert sorted(map(str, arguments)) == ["7", "x"]
    value, number = arguments.index("x") + 1, arguments.index(7) + 1
    assert f"things.id > ${number}" in plan.text
    assert f"things.name = ${value}" in plan.text
    assert f"things.name != ${value}" in plan.text


def test_no_value_is_in_the_text() -> None:
    assert "canary" not in compiled(select(things.c.id).where(things.c.name == literal("canary"))).text


def test_a_statement_is_built_once_for_a_signature() -> None:
    plans, built = Plans(), []

    def build() -> Select[int]:
        built.append(1)
        return statement()

    first = plans.get("a", build)
    assert plans.get("a", build) is first
    assert plans.get("b", build) is not first
    assert len(built) == 2


def test_the_least_recently_used_is_forgotten_past_the_bound() -> None:
    plans, built = Plans(most=2), []

    def get(name: str) -> None:
        def build() -> Select[int]:
            built.append(name)
            return statement()

        plans.get(name, build)

    for name in ("a", "b", "a", "c", "a", "b", "c"):
        get(name)
    assert built == ["a", "b", "c", "b", "c"]
