"""The hook in graphql-core's executor: where a resolver returned a promise to read, the reader answers it.

Relied on of graphql-core (private by its own word, held by tests/api/reading/test_executor.py): `complete_value`,
`collect_subfields`, `get_argument_values`, `collected_errors`.
"""

from typing import Any

from graphql import GraphQLError, GraphQLOutputType, GraphQLResolveInfo, get_named_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path

from api.context import Context
from api.reading.ledger import Place
from api.reading.made import completed
from api.reading.reads import Made, Read, ReadEach, ReadList, Refused
from api.reading.remembered import Selections
from api.reading.selection import Collector, Entities

Promise = Read | ReadEach | ReadList | Made | Refused


class ReadingExecutor(ExecutorThrowingOnIncremental):
    """Executes documents; objects of the domain are the reader's."""

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Complete what a resolver returned."""
        if isinstance(result, Promise):
            return self.keep(result, return_type, field_details_list, path)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def keep(self, promise: Promise, kind: GraphQLOutputType, fields: list[FieldDetails], path: Path) -> Any:
        """Return the completed value that was promised, of the schema's type `kind`, or its awaitable."""
        return self._read(kind, fields, path, promise)

    def collector(self, entities: Entities) -> Collector:
        """Return what reads the selections of this execution."""
        return Collector(self.schema, entities, self.fragments, self.variable_values, self.operation)

    async def _read(self, return_type: GraphQLOutputType, fields: list[FieldDetails], path: Path, read: Promise) -> Any:
        if isinstance(read, Refused):
            raise read.error
        context = self.context_value
        assert isinstance(context, Context)
        selections = Selections(self.collector(context.reading.entities), context.document.memo)
        place = place_of(path)
        value: Any
        if isinstance(read, Made):
            value = completed(selections.collector, get_named_type(return_type).name, fields, await read.make())
        elif isinstance(read, Read):
            value = await context.reader.object(read, fields, selections, place)
        elif isinstance(read, ReadList):
            value = await context.reader.connection(read, fields, selections, place)
        else:
            value = await context.reader.each(read, fields, selections, place)
            self._add_errors(read, fields, path)
        if value is None and is_non_null_type(return_type):
            raise TypeError("a value that is never null is null")
        return value

    def _add_errors(self, read: ReadEach, fields: list[FieldDetails], path: Path) -> None:
        for at, key in enumerate(read.keys):
            if isinstance(key, GraphQLError):
                here = Path(path, at, None)
                error = GraphQLError(
                    key.message, [field.node for field in fields], path=here.as_list(), extensions=key.extensions
                )
                self.collected_errors.add(error, here)


def place_of(path: Path) -> Place:
    """Return a path as the reader writes it."""
    place: Place | None = None
    for step in path.as_list():
        place = (place, step)
    assert place is not None
    return place
