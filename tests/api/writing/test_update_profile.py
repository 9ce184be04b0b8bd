"""updateProfile: one's own words about oneself, in the form in which they are kept, or why one of them is not."""

from typing import Any

import httpx2
import pytest

from domain.people.model import person
from tests.api.writing.conftest import UPDATE, Call, School, Send, Tables

GIVEN = {
    "title": "  Engineer ",
    "education": "MSc",
    "location": "Kraków",
    "language": "PT-br",
    "learningGoals": "Statistics,\r\nand how to explain it.",
    "phone": "+49 (30) 90-18 20",
}
KEPT = {
    "title": "Engineer",
    "education": "MSc",
    "location": "Kraków",
    "language": "pt-BR",
    "learningGoals": "Statistics,\nand how to explain it.",
    "phone": "+4930901820",
}
COLUMNS = {"learningGoals": "learning_goals"}


async def profile(tables: Tables, key: Any) -> dict[str, Any]:
    [row] = [row for row in await tables.rows("person") if row["id"] == key]
    return {name: row[COLUMNS.get(name, name)] for name in KEPT}


@pytest.mark.parametrize("who", ["adult", "minor", "guardian", "instructor", "admin", "restricted"])
async def test_everybody_keeps_their_own_profile(school: School, call: Call, tables: Tables, who: str) -> None:
    payload = await call(who, UPDATE, **GIVEN)
    assert payload == {"learner": {"id": school.learner(who), **KEPT}, "userErrors": []}
    assert await profile(tables, school.ids[who]) == KEPT
    [stored] = [row for row in await tables.stored("person") if row["id"] == school.ids[who]]
    assert isinstance(stored["phone"], bytes)
    assert b"4930901820" not in stored["phone"]
    others = [row for row in await tables.rows("person") if row["id"] != school.ids[who]]
    assert {row["title"] for row in others} == {None}


async def test_what_is_left_out_stays_and_what_is_null_or_blank_goes(
    school: School, call: Call, tables: Tables
) -> None:
    await call("adult", UPDATE, **GIVEN)
    payload = await call("adult", UPDATE, title=None, location=" \t ", phone="")
    assert payload["userErrors"] == []
    assert await profile(tables, school.ids["adult"]) == {**KEPT, "title": None, "location": None, "phone": None}
    await call("adult", UPDATE)
    assert await profile(tables, school.ids["adult"]) == {**KEPT, "title": None, "location": None, "phone": None}


async def test_each_value_that_cannot_be_taken_is_said_at_its_field_and_nothing_changes(
    call: Call, tables: Tables
) -> None:
    before = await tables.state()
    payload = await call(
        "adult", UPDATE, title="x" * 201, education="a\x00b", location="4111 1111 1111 1111", language="klingon!",
        learningGoals="\u202eevil", phone="030 123",
    )  # fmt: skip
    assert payload["learner"] is None
    assert [(error["field"], error["code"]) for error in payload["userErrors"]] == [
        (["input", name], "INVALID")
        for name in ("title", "education", "location", "language", "learningGoals", "phone")
    ]
    told = " ".join(error["message"] for error in payload["userErrors"])
    assert not any(value in told for value in ("xxx", "4111", "klingon", "evil", "030"))
    assert await tables.state() == before


async def test_one_value_that_cannot_be_taken_keeps_the_others_from_being_taken(call: Call, tables: Tables) -> None:
    before = await tables.state()
    payload = await call("adult", UPDATE, title="Engineer", phone="nobody")
    assert [error["field"] for error in payload["userErrors"]] == [["input", "phone"]]
    assert await tables.state() == before


async def test_lengths_are_counted_in_characters_up_to_what_the_table_takes(call: Call) -> None:
    wide = {"title": "𝄞" * 200, "education": "é" * 200, "location": "東" * 200, "learningGoals": "ß" * 4000}
    payload = await call("adult", UPDATE, **wide)
    assert payload["userErrors"] == []
    assert {name: payload["learner"][name] for name in wide} == wide


@pytest.mark.parametrize("value", [1, True, ["Engineer"], {"text": "Engineer"}, 1.5])
async def test_what_is_not_text_is_refused_before_anything_is_executed(
    school: School, send: Send, tables: Tables, value: object
) -> None:
    before = await tables.state()
    response = await send(school.tokens["adult"], UPDATE, input={"title": value})
    assert response.status_code == 400
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}
    assert await tables.state() == before


async def test_the_platform_s_staff_have_no_profile_to_change(
    school: School, send: Send, tables: Tables, raw: Any
) -> None:
    people = school.people
    staff_id = school.ids["adult"]
    case_id = await people.case(staff_id, "PRIVACY", purpose="PRIVACY_REQUEST")
    # Even a person of this very tenant acts in a case as its role alone.
    token = people.token(staff_id, await people.session(case_id=case_id))
    before = await tables.state()
    payload = (await send(token, UPDATE, input={"title": "Engineer"})).json()["data"]["updateProfile"]
    assert payload == {
        "learner": None,
        "userErrors": [{"field": None, "code": "FORBIDDEN", "message": "This may not be done here."}],
    }
    assert await tables.state() == before


async def test_the_payload_shows_what_a_query_would_and_says_what_it_does_not(
    school: School, send: Send, tables: Tables
) -> None:
    await school.people.change(person, school.ids["guardian"], email="guardian@mail.example", title="Mother")
    query = """mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
        learner { title guardians { name title email } } userErrors { code } } }"""
    answer = (await send(school.tokens["minor"], query, input={"title": "Pupil"})).json()
    assert answer["data"]["updateProfile"] == {
        "learner": {"title": "Pupil", "guardians": [{"name": None, "title": None, "email": None}]},
        "userErrors": [],
    }
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["updateProfile", "learner", "guardians", 0, name], "FIELD_FORBIDDEN") for name in ("title", "email")
    ]
    [event] = await tables.rows("access_event")
    assert event["outcome"] == "DENIED"
    assert '"Learner.title"' in event["disclosures"]
    assert '"Learner.email"' in event["denials"]


async def test_a_mutation_is_not_served_by_get(real: httpx2.AsyncClient, school: School, tables: Tables) -> None:
    before = await tables.state()
    response = await real.get(
        "/graphql",
        params={"query": 'mutation { updateProfile(input: {title: "x"}) { userErrors { code } } }'},
        headers={"authorization": f"Bearer {school.tokens['adult']}"},
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert await tables.state() == before


async def test_without_a_token_nothing_is_changed(send: Send, school: School, tables: Tables) -> None:
    before = await tables.state()
    response = await send("no.such.token", UPDATE, input={"title": "x"})
    assert response.status_code == 401
    assert await tables.state() == before
