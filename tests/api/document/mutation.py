"""Documents changed at random, to search for what nobody thought of."""

import random

from tests.api.document.hostile import SIZE

_PIECES = (
    *(
        "id ",
        "name ",
        "a:id ",
        "...F0 ",
        "...F1 ",
        "...on Learner{",
        "...on Node{",
        "...{",
        "guardians{",
        "course{",
        "x:",
    ),
    *("enrollments(first:2){nodes{", "learner(id:1){", "viewer{", "learners{", "nodes{", "edges{node{", "results{"),
    *(
        "__schema{types{",
        "fields{",
        "type{",
        "fragment F1 on Learner{",
        "query Q($v:Int){",
        "mutation {",
        "filter:{email:1}",
    ),
    *("@skip(if:true)", "(first:1)", "$v ", "[", "]", "{", "}", "}}", "(", ")", "=", "&", "|", "!", "@", "$", "#"),
    *('"x"', '"', '"""', "\\u0000", "\\", "1 ", "-1.5e3 "),
)


def mutated(text: str, other: str, rng: random.Random) -> str:
    """The text with pieces repeated, moved, removed, inserted or taken from the other text, cut to ``SIZE``."""
    for _ in range(rng.randint(1, 3)):
        begin = rng.randrange(len(text) + 1)
        end = min(len(text), begin + rng.choice((5, 40, 400, 4_000)))
        place = rng.randrange(len(text) + 1)
        from_other = rng.randrange(len(other) + 1)
        piece = rng.choice(_PIECES)
        text = rng.choice(
            (
                text[:end] + text[begin:end] * rng.randint(1, 20) + text[end:],
                text[:place] + text[begin:end] + text[place:],
                text[:begin] + text[end:],
                text[:place] + piece * rng.choice((1, 2, 10, 50)) + text[place:],
                text[:place] + other[from_other : from_other + rng.choice((20, 200, 2_000))] + text[place:],
            )
        )
    return text[:SIZE]
