"""Documents that clients send and that must pass."""

from collections.abc import Iterator

from graphql import get_introspection_query

_CARD = """
fragment Card{i}_learner on Learner {{
  id
  name
  email
  enrollments(first: $count, after: $cursor) {{
    edges {{
      node {{
        course {{
          title
        }}
      }}
      cursor
    }}
    pageInfo {{
      endCursor
    }}
  }}{spread}
}}
"""

_LABEL = """
fragment Card{i}_learner on Learner {{
  id
  label{i}: name
  guardians {{
    id
  }}
  minor @include(if: $details){spread}
}}
"""

_ROSTER = """
query RosterQuery($count: Int = 3, $cursor: String, $details: Boolean!, $filter: LearnerFilter) {{
  learners(filter: $filter, first: 10, orderBy: NAME_ASC) {{
    edges {{
      node {{{spreads}
      }}
    }}
  }}
}}
"""


def _relay_document() -> str:
    """8 KB as Relay's compiler writes it: 40 fragments, some spread twice, aliases, pages, variables."""
    spreads = "".join(f"\n        ...Card{i}_learner" for i in range(40))
    cards = (
        (_LABEL if i % 3 else _CARD).format(i=i, spread=f"\n  ...Card{i + 1}_learner" if i < 6 else "")
        for i in range(40)
    )
    return _ROSTER.format(spreads=spreads) + "".join(cards)


def honest() -> Iterator[tuple[str, str]]:
    """Kind and text of documents that clients send."""
    yield (
        "full introspection",
        get_introspection_query(
            descriptions=True,
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            one_of=True,
        ),
    )
    yield "relay, 40 fragments", _relay_document()
    yield "one field", "{ viewer { id } }"
    yield (
        "sign in",
        'mutation { signIn(input: {tenant: "a", email: "b", password: "c"}) { accessToken userErrors { code } } }',
    )
