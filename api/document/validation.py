"""Validation against the schema by graphql-core, bounded in time and silent about values."""

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    Node,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    specified_rules,
    validate,
)
from graphql.utilities import validate_input_literal
from graphql.validation import ASTValidationRule

from api.document.limits import Limits
from api.document.refusal import DOCUMENT_TOO_COSTLY, INVALID_DOCUMENT, DocumentRefused, plain_error, refused

Rules = tuple[type[ASTValidationRule], ...]

# An error about 500 fields of one name need not point at each.
_MOST_LOCATIONS = 5

# How graphql-core says that it gave up, and what that means to whoever wrote the document.
_GAVE_UP = {
    "Validation aborted.": "The document is too costly: its fields and fragments take too long to compare.",
    "Maximum introspection depth exceeded": "The document is too costly: lists more than 2 deep below a type.",
}


def rules(limits: Limits) -> Rules:
    """The rules of the specification (October 2021, section 5), two of them replaced. To be built once."""

    class Merging(OverlappingFieldsCanBeMergedRule):
        """Compares fields pairwise, so its own meter is set to what fits: graphql-core's default allows for 0.7
        seconds.
        """

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = limits.comparisons

    replaced: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
        OverlappingFieldsCanBeMergedRule: Merging,
        ValuesOfCorrectTypeRule: SilentValues,
    }
    return tuple(replaced.get(rule, rule) for rule in specified_rules)


class SilentValues(ValuesOfCorrectTypeRule):
    """Says where a value does not fit and what would, never the value: it may be an address or a name."""

    owner = "value"

    def enter_argument(self, node: ArgumentNode, *_args: object) -> None:
        """Remember whose value comes next."""
        self.owner = f"argument '{node.name.value}'"

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: object) -> None:
        """Remember whose default comes next."""
        self.owner = f"default of variable '${node.variable.name.value}'"

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check one whole literal, with what lies inside, up to its first mistake."""
        if input_type:
            try:
                validate_input_literal(node, input_type, _raise_mistake, hide_suggestions=True)
            except _Mistake as mistake:
                place = f" at '{'.'.join(map(str, mistake.path))}'" if mistake.path else ""
                message = f"The {self.owner} does not fit its type '{input_type}'{place}."
                # A list or object that a scalar does not take comes back as a copy that knows no place.
                placed = [part for part in mistake.nodes or () if part.loc]
                self.report_error(GraphQLError(message, placed or [node]))
        return SKIP


class _Mistake(Exception):  # noqa: N818 - the user's, not the program's
    def __init__(self, nodes: list[Node] | None, path: list[str | int]) -> None:
        super().__init__()
        self.nodes = nodes
        self.path = path


def _raise_mistake(error: GraphQLError, path: list[str | int]) -> None:
    # Raised to stop at the first: graphql-core prints the whole literal into the message of each.
    raise _Mistake(error.nodes, path)


def check_validity(schema: GraphQLSchema, document: DocumentNode, chosen: Rules, limits: Limits) -> None:
    """Refuse a document that does not fit the schema.

    Raises ``DocumentRefused``: INVALID_DOCUMENT with at most ``limits.errors`` errors and one that says that there
    are more, or DOCUMENT_TOO_COSTLY where validation itself would take too long.
    """
    errors = validate(schema, document, chosen, max_errors=limits.errors, hide_suggestions=True)
    for error in errors:
        if error.message in _GAVE_UP:
            raise refused(DOCUMENT_TOO_COSTLY, _GAVE_UP[error.message])
    if errors:
        plain = [
            plain_error(INVALID_DOCUMENT, error.message, (error.locations or ())[:_MOST_LOCATIONS]) for error in errors
        ]
        raise DocumentRefused(INVALID_DOCUMENT, plain)
