"""Selections remembered with their document serve the variables that they were collected for, and no others."""

from typing import Any

import pytest

from api.document.documents import Documents
from api.reading import remembered
from api.reading.selection import View
from tests.api.reading.conftest import Ask

TURNING = """
query($more: Boolean!, $n: Int, $order: EnrollmentOrder) {
  viewer { learner { id name @include(if: $more) ...Taken @skip(if: $more) } }
}
fragment Taken on Learner { enrollments(first: $n, orderBy: $order) { nodes { id enrolledAt } } }
"""
SEARCH = "query($text: String) { learners(filter: {name: {startsWith: $text}}) { nodes { id name } } }"


@pytest.fixture
def memos(monkeypatch: pytest.MonkeyPatch) -> list[dict[Any, Any]]:
    """Every memo of a document that was executed since."""
    seen: dict[int, dict[Any, Any]] = {}
    prepare = Documents.prepare

    def noting(self: Documents, *arguments: Any) -> Any:
        document = prepare(self, *arguments)
        seen[id(document.memo)] = document.memo
        found[:] = seen.values()
        return document

    found: list[dict[Any, Any]] = []
    monkeypatch.setattr(Documents, "prepare", noting)
    return found


async def test_a_document_answers_its_variables_in_whatever_order_they_come(ask: Ask) -> None:
    given = [
        {"more": more, **sized, **ordered}
        for more in (True, False)
        for sized in ({}, {"n": None}, {"n": 1}, {"n": 3})
        for ordered in ({}, {"order": "PROGRESS_DESC"})
    ]
    first = [await ask("learner", TURNING, **one) for one in given]
    again = [await ask("learner", TURNING, **one) for one in reversed(given)]
    assert again[::-1] == first
    for one, answer in zip(given, first, strict=True):
        found = answer["data"]["viewer"]["learner"]
        assert ("name" in found, "enrollments" in found) == (one["more"], not one["more"])
        if not one["more"] and one.get("n") == 1:
            assert len(found["enrollments"]["nodes"]) == 1


async def test_one_document_shows_each_role_its_own(ask: Ask) -> None:
    document = "{ learners(first: 3) { nodes { id name email phone } } }"
    roles = ("instructor", "enterprise_admin", "privacy", "learner")
    apart = {role: await ask(role, document + " " * at) for at, role in enumerate(roles)}
    assert len({str(answer) for answer in apart.values()}) == len(roles)
    for _ in range(2):
        for role in roles:
            assert await ask(role, document) == apart[role]


async def test_a_text_in_a_variable_is_not_kept(ask: Ask, memos: list[dict[Any, Any]]) -> None:
    secret = "Zyxwvut"
    answer = await ask("enterprise_admin", SEARCH, text=secret)
    assert answer["data"]["learners"]["nodes"] == []
    assert memos
    assert secret not in str([[*memo.keys(), *memo.values()] for memo in memos])
    everybody = await ask("enterprise_admin", SEARCH, text="")
    assert everybody["data"]["learners"]["nodes"]


async def test_a_selection_without_texts_is_collected_once(ask: Ask, memos: list[dict[Any, Any]]) -> None:
    given = {"more": False, "n": 2, "order": "PROGRESS_DESC"}
    await ask("learner", TURNING, **given)
    kept = [value for memo in memos for value in memo.values() if isinstance(value, View)]
    assert len(kept) == 1
    await ask("learner", TURNING, **given)
    assert [value for memo in memos for value in memo.values() if isinstance(value, View)] == kept
    assert kept[0].memo


async def test_what_is_kept_of_a_document_is_bounded(
    ask: Ask, memos: list[dict[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_MOST", 8)
    for size in range(1, 30):
        answer = await ask("learner", TURNING, more=False, n=size)
        assert len(answer["data"]["viewer"]["learner"]["enrollments"]["nodes"]) <= size
        assert all(len(memo) <= 8 for memo in memos)
