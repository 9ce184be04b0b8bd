"""The generator's documents are repeatable, and hold everything that a document may hold."""

from tests.oracle.documents import generate
from tests.oracle.events import TRAILED
from tests.oracle.filling import BAD
from tests.oracle.material import KINDS, gather

PARTS = (
    *("fragment ", "... on Node", "... {", "@skip(if: $", "@include(if: ", "filter: {", "filter: $", "orderBy: "),
    *("first: $", "last: ", "edges", "pageInfo", "viewerAccess", "__typename", '"Learner:1"', " = ", "null"),
    *(
        "accessEvents",
        "accessLog",
        "actor {",
        "actor: ",
        "category: ",
        "denials {",
        "disclosures {",
        "outcome: ",
        "at: {",
    ),
)


def test_a_seed_gives_the_same_document_again() -> None:
    material = gather(TRAILED)
    assert [generate(seed, material) for seed in range(5)] == [generate(seed, material) for seed in range(5)]


def test_everything_that_a_document_may_hold_comes_up() -> None:
    material = gather(TRAILED, TRAILED)
    texts = [generate(seed, material).text for seed in range(150)]
    whole = "\n".join(texts)
    assert len(set(texts)) > 140
    assert [part for part in PARTS if part not in whole] == []
    assert len([bad for bad in BAD if bad in whole]) > 2
    assert [kind for kind in KINDS if f"... on {kind}" not in whole] == []
