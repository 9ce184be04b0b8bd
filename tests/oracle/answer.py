"""The answer that a viewer must get: a document interpreted field by field, in the order of the answer."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    is_non_null_type,
    parse,
)

from tests.oracle.arguments import arguments_of, encode, is_included, variables_of
from tests.oracle.capacities import OracleViewer
from tests.oracle.contract import SCHEMA, category_of, fields_of, is_guarded
from tests.oracle.filters import column
from tests.oracle.judge import SHIPPED, Judge
from tests.oracle.ledger import Asked, BadInputError, Expected, Ledger, Path
from tests.oracle.lists import Lister
from tests.oracle.objects import ROOT, Objects
from tests.oracle.policy import Policy
from tests.oracle.row import Row
from tests.oracle.world import World

NODES = {kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])}  # type: ignore[arg-type] # an interface


def expect(
    world: World,
    viewer: OracleViewer,
    document: str,
    variables: dict[str, Any] | None = None,
    operation: str = "",
    *,
    policy: Policy = SHIPPED,
) -> Expected:
    """Return what `viewer` must be answered to a valid document, and what must be on record.

    `operation` names the operation where the document holds several. The trail is as it was before this request.
    """
    return _Answering(Judge(world, viewer, policy), parse(document), variables or {}, operation).run()


class _Answering:
    """One answer being put together."""

    def __init__(self, judge: Judge, document: DocumentNode, sent: dict[str, Any], name: str) -> None:
        definitions = document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        named = (each for each in operations if each.name is not None and each.name.value == name)
        self._operation = next(named) if name else operations[0]
        self._variables = variables_of(self._operation, sent)
        self._judge = judge
        self._ledger = Ledger()
        self._lister = Lister(self._judge, self._ledger)
        self._objects = Objects(self._judge)

    def run(self) -> Expected:
        """Return what is expected."""
        try:
            data = self._object(ROOT, [self._operation.selection_set], ())
        except BadInputError as error:
            self._ledger.refuse(0, error.path)
            data = None
        return self._ledger.expect(data)

    def _object(self, row: Row, selections: list[SelectionSetNode], path: Path) -> dict[str, Any]:
        collected: dict[str, list[FieldNode]] = {}
        for selection in selections:
            for node in self._collect(row.kind, selection, set()):
                key = node.alias.value if node.alias else node.name.value
                collected.setdefault(key, []).append(node)
        return {key: self._field(row, nodes, (*path, key)) for key, nodes in collected.items()}

    def _collect(self, kind: str, selection: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
        for node in selection.selections:
            if not is_included(node, self._variables):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or _fits(kind, node.type_condition.name.value):
                    yield from self._collect(kind, node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if _fits(kind, fragment.type_condition.name.value):
                    yield from self._collect(kind, fragment.selection_set, seen)

    def _field(self, row: Row, nodes: list[FieldNode], path: Path) -> Any:
        name = nodes[0].name.value
        if name == "__typename":
            return row.kind
        mark = self._ledger.mark()
        try:
            return self._complete(self._value(row, nodes[0], path), nodes, path)
        except BadInputError as error:
            if is_non_null_type(fields_of(row.kind)[name].type):
                raise
            self._ledger.refuse(mark, error.path)
            return None

    def _value(self, row: Row, node: FieldNode, path: Path) -> Any:
        name = node.name.value
        definition = fields_of(row.kind)[name]
        given = arguments_of(definition, node, self._variables)
        if "first" not in definition.args:
            return self._plain(row, name, given, path) if self._may(row, name, path) else None
        # Arguments are looked at before anything is read, so before anything is denied.
        listed = self._objects.list_of(row, name)
        fulfilled = self._lister.check(listed, given, path)
        return self._lister.page(listed, given, fulfilled) if self._may(row, name, path) else None

    def _plain(self, row: Row, name: str, given: dict[str, Any], path: Path) -> Any:
        if name == "nodes" and row is ROOT:
            return [self._found(text, (*path, position)) for position, text in enumerate(given["ids"])]
        if row is ROOT and "id" in given:
            return self._objects.find(given["id"], path, {"learner": "Learner", "course": "Course"}.get(name))
        if name == "id" and row.kind != "Actor":
            return encode(row.kind, row.key)
        if name == "viewerAccess":
            return [Row("FieldAccess", row.key, told) for told in self._judge.access(row)]
        if name in row.facts:
            return row.facts[name]
        return row.facts[column(name)] if self._objects.knows(row, name) else self._objects.one(row, name)

    def _found(self, text: str, path: Path) -> Row | None:
        mark = self._ledger.mark()
        try:
            return self._objects.find(text, path)
        except BadInputError as error:
            self._ledger.refuse(mark, error.path)
            return None

    def _may(self, row: Row, name: str, path: Path) -> bool:
        if not is_guarded(row.kind, name):
            return True
        denied = self._judge.denied(row, name)
        subject, personal = self._judge.world.subject(row), category_of(row.kind, name) is not None
        self._ledger.entries.append(Asked(f"{row.kind}.{name}", path, row, subject, personal, denied))
        return denied is None

    def _complete(self, value: Any, nodes: list[FieldNode], path: Path) -> Any:
        if isinstance(value, list):
            return [self._complete(item, nodes, (*path, position)) for position, item in enumerate(value)]
        if isinstance(value, Row):
            return self._object(value, [node.selection_set for node in nodes if node.selection_set is not None], path)
        return value.isoformat() if isinstance(value, date | datetime) else value


def _fits(kind: str, condition: str) -> bool:
    return condition == kind or (condition == "Node" and kind in NODES)
