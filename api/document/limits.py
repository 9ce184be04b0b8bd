"""How much a document may ask for, and why that much."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one document may hold; all are counts unless a unit is given.

    What stands in the text bounds the time that parsing and validating take: one token costs up to 6 microseconds to
    parse and 13 to validate, so ``tokens`` decides how long the slowest document takes and the others keep
    validation from growing faster than the text. What the text stands for after its fragments are spread bounds
    execution. ``benchmarks/documents.py`` measures both.
    """

    bytes: int = 16_384
    """UTF-8 bytes of the text, comments and white space included."""
    tokens: int = 1_400
    """Tokens in the text, comments included; 8 KB that spread 40 fragments hold about 1,250."""
    nesting: int = 32
    """Brackets of any kind open at once; the parser recurses once or more for each."""
    literal_depth: int = 8
    """Lists and objects inside each other in an argument, a default value or a variable's type."""
    digits: int = 40
    """Characters of one number; Python refuses to convert some thousands and takes long for fewer."""
    operations: int = 10
    fragments: int = 80
    variables: int = 100
    """Variable definitions, all operations together."""
    depth: int = 20
    """Fields inside each other, through fragments; a flat selection has depth 1, the full introspection query 15."""
    breadth: int = 400
    """Fields in one selection set, through fragments."""
    fields: int = 2_000
    """Fields with every fragment written out where it is spread. The same for the three that follow."""
    aliases: int = 100
    directives: int = 100
    introspections: int = 2
    """Times ``__schema`` or ``__type`` is asked for: one answer to the full introspection query is as much work as
    hundreds of rows.
    """
    comparisons: int = 13_000
    """Units of graphql-core's own meter for the rule that compares fields of one response name; a unit takes 1 to 2
    microseconds.
    """
    errors: int = 5
    """Validation errors reported before validation stops."""
    cost: int = 50_000
    """Values that the answer may hold by the estimate; reading one takes about 2 microseconds."""
    page_default: int = 25
    """Size of a page where neither ``first`` nor ``last`` is given."""
    page_most: int = 100
    """Size of the largest page; what is no page size counts as this."""
    list_guess: int = 5
    """Size assumed for a list that has no page."""
