"""The way in: from a request's text, operation name and variables to a document that may be executed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    assert_valid_schema,
)

from api.document.cache import Cache
from api.document.estimate import Estimate, Estimator, page_types
from api.document.limits import Limits
from api.document.parsing import parsed
from api.document.refusal import INVALID_DOCUMENT, DocumentRefused, refused, too_costly
from api.document.scan import scan
from api.document.shape import check_shape
from api.document.validation import check_validity, rules

# The cache is bounded by tokens too: a parsed token takes about 400 bytes, so 512 documents may hold 80 MB. A usual
# document has 100 to 400 tokens.
TOKENS_PER_ENTRY = 400


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document, the operation to execute and what is known about it.

    ``hash`` is the SHA-256 of the text's UTF-8 in hexadecimal. ``cost`` is the estimate of the values that the answer
    may hold. ``root_fields`` are the names (not aliases) of all fields that the operation may select at its root,
    through fragments and whatever ``@skip`` and ``@include`` say: an operation is open to whom each of them is open
    to. ``memo`` is for whoever works something out about the operation, to find it there at its next execution; it
    goes when the document is forgotten.
    """

    ast: DocumentNode
    operation: OperationDefinitionNode
    hash: str
    cost: int
    root_fields: frozenset[str]
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Operation:
    node: OperationDefinitionNode
    estimate: Estimate
    root_fields: frozenset[str]
    memo: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Checked:
    ast: DocumentNode
    hash: str
    operations: dict[str | None, _Operation]


class Documents:
    """Checks documents against one schema and keeps those that passed. For one thread, like the event loop's.

    ``cache_size`` is a number of documents; what they weigh is bounded with it. Raises ``TypeError`` for an invalid
    schema.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None, cache_size: int = 512) -> None:
        assert_valid_schema(schema)
        self._schema = schema
        self._limits = limits or Limits()
        self._rules = rules(self._limits)
        self._pages = page_types(schema)
        self._cache: Cache[_Checked] = Cache(cache_size, cache_size * TOKENS_PER_ENTRY)

    def prepare(
        self, text: str, operation_name: str | None = None, variables: Mapping[str, object] | None = None
    ) -> Document:
        """The document, ready to be executed.

        ``variables`` are as they were sent, not coerced; only those that set the size of a list are looked at.
        Raises ``DocumentRefused`` and nothing else, whatever the text.
        """
        checked = self._cache.get(text)
        if checked is None:
            checked = self._check(text)
            self._cache.put(text, checked, checked.ast.token_count)
        operation = _chosen(checked.operations, operation_name)
        cost = operation.estimate.of(variables or {})
        if cost > self._limits.cost:
            raise too_costly("cost", cost, self._limits.cost)
        return Document(checked.ast, operation.node, checked.hash, cost, operation.root_fields, operation.memo)

    def _check(self, text: str) -> _Checked:
        data = scan(text, self._limits)
        ast = parsed(text, self._limits)
        ordered = check_shape(ast, self._limits)
        check_validity(self._schema, ast, self._rules, self._limits)
        estimator = Estimator(self._schema, self._pages, self._limits, ordered)
        fragments = {fragment.name.value: fragment for fragment in ordered}
        operations: dict[str | None, _Operation] = {
            node.name.value if node.name else None: _Operation(
                node, estimator.estimate(node), _root_fields(node, fragments)
            )
            for node in ast.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        return _Checked(ast, hashlib.sha256(data).hexdigest(), operations)


def _chosen(operations: dict[str | None, _Operation], name: str | None) -> _Operation:
    # The name asked for is not repeated: it is whatever the client put there.
    if name is None and len(operations) > 1:
        raise refused(
            INVALID_DOCUMENT, "The document holds several operations. Send one, or say which in operationName."
        )
    operation = next(iter(operations.values())) if name is None else operations.get(name)
    if operation is None:
        raise refused(INVALID_DOCUMENT, "The document holds no operation of the name in operationName.")
    return operation


def _root_fields(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> frozenset[str]:
    fields: set[str] = set()
    spread: set[str] = set()
    waiting: list[SelectionSetNode] = [operation.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                fields.add(selection.name.value)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in spread:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
    return frozenset(fields)


__all__ = ["Document", "DocumentRefused", "Documents", "Limits"]
