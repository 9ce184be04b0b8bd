"""What is not explained: refused like a document that is sent, at the field's path, and bounded like one."""

import asyncio
import json
import re
from typing import Any

import asyncpg
import httpx2
import pytest
from graphql import GraphQLObjectType

from api.asking.explanation import MOST_FIELDS, PRICE
from api.document.documents import DocumentRefused, Documents
from api.reading.declare import entities_of
from api.reading.foresight import ForeseeingExecutor
from api.schema.build import build_schema, catalogue
from tests.api.asking.conftest import EXPLAIN
from tests.api.document.hostile import hostile
from tests.api.reading.conftest import Ask, Demo
from tests.api.reading.overheard import Overheard

SECRET = "canary@mail.example"

REFUSED: list[tuple[str, object, str, str]] = [
    ("{ viewer { id }", None, "SYNTAX", r"Syntax error: .*"),
    ("", None, "SYNTAX", r"Syntax error: Unexpected <EOF>\."),
    ("{ viewer { \ud800 } }", None, "SYNTAX", r"The document is not Unicode text.*"),
    (f'{{ learner(id: "{SECRET}" "{SECRET}") {{ id }} }}', None, "SYNTAX", r"Syntax error: .*"),
    ("{ nothing }", None, "INVALID_DOCUMENT", r"Cannot query field 'nothing' on type 'Query'\."),
    ("{ a b c }", None, "INVALID_DOCUMENT", r"Cannot query field 'a' on type 'Query'\."),
    (f'{{ learners(first: "{SECRET}") {{ nodes {{ id }} }} }}', None, "INVALID_DOCUMENT", r"The argument 'first' .*"),
    ("query A { viewer { id } } query B { viewer { id } }", None, "INVALID_DOCUMENT", r".* Send one, .*"),
    ("subscription { viewer { id } }", None, "INVALID_DOCUMENT", r"Subscriptions are not supported\."),
    ("type Query { a: Int }", None, "INVALID_DOCUMENT", r"A document holds operations .*"),
    ("fragment F on Query { ...F } { ...F }", None, "INVALID_DOCUMENT", r"Fragment 'F' spreads itself\."),
    ('{ __type(name: "Query") { name } a: __schema { description } b: __schema { description } }', None,
     "DOCUMENT_TOO_COSTLY", r".*introspections 3 is more than 2\."),
    (f"{{ viewer {{ {'id ' * 16_384} }} }}", None, "DOCUMENT_TOO_COSTLY", r".*bytes.*"),
    (f"{{ viewer {{ {'id ' * 1_500} }} }}", None, "DOCUMENT_TOO_COSTLY", r".*tokens.*"),
    ("{ learners(first: 100) { nodes { enrollments(first: 100) { nodes { id course { id code } status } } } } }", None,
     "DOCUMENT_TOO_COSTLY", r".*cost \d+ is more than 50000\."),
    ("query Q($n: Int!) { learners(first: $n) { nodes { enrollments(first: $n) { nodes { a:id b:id c:id d:id id }}}}}",
     {"n": 100}, "DOCUMENT_TOO_COSTLY", r".*cost \d+ .*"),
    ("query Q($n: Int!) { learners(first: $n) { nodes { id } } }", {"n": SECRET}, "BAD_USER_INPUT", r"Variable \$n .*"),
    ("query Q($n: Int!) { learners(first: $n) { nodes { id } } }", None, "BAD_USER_INPUT", r"Variable \$n .*"),
    ("query Q($f: LearnerFilter) { learners(filter: $f) { nodes { id } } }", {"f": {"name": SECRET}},
     "BAD_USER_INPUT", r"Variable \$f .*"),
    ("{ viewer { id } }", [1], "BAD_USER_INPUT", r"variables is not an object\."),
    ("{ viewer { id } }", SECRET, "BAD_USER_INPUT", r"variables is not an object\."),
    ("{ viewer { id } }", 0, "BAD_USER_INPUT", r"variables is not an object\."),
    ("{ learners(first: 101) { nodes { id } } }", None, "BAD_USER_INPUT", r"first is a number from 1 to 100\."),
    ("{ viewer { learner { enrollments(first: 1, last: 1) { nodes { id }}}}}", None, "BAD_USER_INPUT", r".*both\."),
    (f'{{ learners(filter: {{course: "{SECRET}"}}) {{ nodes {{ id }} }} }}', None, "BAD_USER_INPUT", r".*"),
    ('query Q($i: ID = "x") { node(id: $i) { id } }', {"i": None}, "BAD_USER_INPUT", r"An argument of the document .*"),
    ('{ explain(document: "{ viewer { id } }") { cost } }', None, "BAD_USER_INPUT", r"A document that asks explain .*"),
    ('{ ...Q } fragment Q on Query { ... { e: explain(document: "x") @skip(if: true) { cost } } }', None,
     "BAD_USER_INPUT", r"A document that asks explain .*"),
]  # fmt: skip


async def test_a_document_is_refused_as_it_were_if_it_was_sent_at_the_fields_path(
    demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]], overheard: Overheard
) -> None:
    headers = {"authorization": f"Bearer {tokens['northwind']['learner']}"}
    for document, variables, code, message in REFUSED:
        overheard.clear()
        asked = {"query": EXPLAIN, "variables": {"document": document, "variables": variables}}
        response = await demo_client.post("/graphql", content=json.dumps(asked), headers=json_of(headers))
        answer = response.json()
        if "\ud800" in document:
            # Such a text is no JSON either, so it does not come as far.
            assert (response.status_code, "data" in answer) == (400, False)
            continue
        assert (response.status_code, answer["data"]) == (200, None), document
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], error["path"]) == (code, ["explain"]), document
        assert re.fullmatch(message, error["message"]), error["message"]
        assert SECRET not in response.text
        # The place is that of the field; where in the document explained, its own errors say.
        assert error["locations"] == [{"line": 2, "column": 5}]
        assert (overheard.statements, overheard.count) == ([], 1)


def json_of(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"content-type": "application/json"}


async def test_the_refusal_is_that_of_the_same_document_sent(
    demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]]
) -> None:
    headers = {"authorization": f"Bearer {tokens['northwind']['learner']}"}
    for document, variables, code, _ in REFUSED:
        if code == "BAD_USER_INPUT" or "several" in document or "\ud800" in document or not document:
            continue
        sent = await demo_client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        asked = {"query": EXPLAIN, "variables": {"document": document, "variables": variables}}
        explained = (await demo_client.post("/graphql", json=asked, headers=headers)).json()
        plain = [{"message": one["message"], "locations": one.get("locations", [])} for one in sent.json()["errors"]]
        assert explained["errors"][0]["extensions"] == {"code": code, "errors": plain}, document
        assert explained["errors"][0]["message"] == plain[0]["message"]


async def test_a_mutation_is_not_explained_and_not_called(ask: Ask, overheard: Overheard) -> None:
    for mutation, given in _INPUTS.items():
        document = f"mutation {{ {mutation}(input: {given}) {{ userErrors {{ code }} }} }}"
        overheard.clear()
        answer = await ask("enterprise_admin", EXPLAIN, document=document)
        assert answer["data"] is None
        assert answer["errors"][0]["message"] == "Only queries can be explained."
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
        assert (overheard.statements, overheard.count) == ([], 1)


_INPUTS = {
    "updateProfile": '{title: "x"}',
    "enroll": '{courseId: "x"}',
    "addTenantRule": '{role: SUPPORT, object: "Learner.name", allow: false}',
}


async def test_the_schema_is_not_described_where_it_may_not_be_asked_for_and_never_here(
    ask: Ask, demo_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = '{ __schema { types { name } } t: __type(name: "Query") { fields { name } } viewer { id } }'
    completed: list[str] = []
    execute_fields = ForeseeingExecutor.execute_fields

    def executing(self: ForeseeingExecutor, kind: GraphQLObjectType, *rest: Any) -> Any:
        completed.append(kind.name)
        return execute_fields(self, kind, *rest)

    monkeypatch.setattr(ForeseeingExecutor, "execute_fields", executing)
    answer = await ask("learner", EXPLAIN, document=document)
    assert (answer["data"]["explain"]["statements"], answer["data"]["explain"]["fields"]) == (1, [])
    assert completed == ["Query", "Viewer"]
    monkeypatch.setattr("api.gate.INTROSPECTION_FIELDS", frozenset({"viewer"}))
    monkeypatch.setattr("api.gate.Gate.introspection", False)
    answer = await ask("learner", EXPLAIN, document=document)
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, "INVALID_DOCUMENT")


async def test_hostile_documents_are_refused_or_explained(ask: Ask) -> None:
    documents = Documents(build_schema())
    for kind, text, _ in hostile():
        if "\0" in text or not _is_text(text):
            continue
        answer = await asyncio.wait_for(ask("privacy", EXPLAIN, document=text), 30)
        try:
            documents.prepare(text)
            expected = {None, "BAD_USER_INPUT"}
        except DocumentRefused as refusal:
            expected = {refusal.code}
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())} or {None}
        assert codes <= expected, kind


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def test_explaining_has_its_price_so_that_a_document_asks_it_a_few_times_only() -> None:
    documents = Documents(build_schema())

    def refused(number: int, selection: str) -> bool:
        asked = " ".join(f'e{at}: explain(document: "{{ viewer {{ id }} }}") {{ {selection} }}' for at in range(number))
        try:
            return documents.prepare(f"{{ {asked} }}").cost < number * PRICE
        except DocumentRefused as refusal:
            return refusal.code == "DOCUMENT_TOO_COSTLY"

    whole = "fields { field readable reason rule role subject purpose } cost statements"
    assert [refused(number, "cost") for number in (1, 5, 6)] == [False, False, True]
    assert [refused(number, whole) for number in (1, 2, 3)] == [False, False, True]
    assert documents.prepare('{ explain(document: "x") { fields { field role } } }').cost == (
        1 + PRICE + 1 + 2 * MOST_FIELDS
    )


def test_no_explanation_has_more_entries_than_it_is_counted_for() -> None:
    decided = catalogue(entities_of(build_schema()))
    read = sum(len(fields) for kind, fields in decided.items() if kind != "Mutation")
    # A minor is no learner, and staff have one role: nobody has more than six at once.
    assert read * 6 * 3 <= MOST_FIELDS


async def test_it_stays_beside_a_query_that_reads_without_touching_its_record(ask: Ask, demo: Demo) -> None:
    """The record is of what was released; what was explained is not."""
    query = """query WithRecord($d: String!) { explain(document: $d) { cost } viewer { learner { name } } }"""
    assert "errors" not in await ask("minor", query, d="{ viewer { learner { phone email } } }")
    connection = await asyncpg.connect(demo.urls.superuser)
    try:
        rows = await connection.fetch("SELECT disclosures FROM access_event WHERE operation = 'WithRecord'")
    finally:
        await connection.close()
    found: list[Any] = [json.loads(row["disclosures"]) for row in rows]
    assert [[each["fields"] for each in one] for one in found] == [[["Learner.name"]]]
