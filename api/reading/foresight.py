"""Executing a document without reading: what resolvers promise is counted and not kept.

It is graphql-core's executor, the resolvers, and the reader's own tree of what is asked; so what is counted is what
would run. A resolver finds nothing in the context that it could read or write with.
"""

from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo, get_named_type
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path

from api.reading.executor import Promise, ReadingExecutor, place_of
from api.reading.expected import Target, leaves_record, statements
from api.reading.reader import Reading, pattern_of
from api.reading.reads import Read, ReadEach, ReadList
from api.reading.standing import Standing
from authz.viewer import Viewer

_WHO_ASKS = 1
"""The statement that finds the viewer behind the session."""
_THE_RECORD = 1


@dataclass(slots=True)
class Foresight:
    """What a document would take for one who stands like one of `standings`; counted for each of them."""

    standings: tuple[Standing, ...]
    reads: list[Target] = field(default_factory=list)
    """What would be read from the answer's root."""

    def statements(self, reading: Reading) -> int:
        """Return how many statements would be run at most."""
        return max(self._statements(standing, reading) for standing in self.standings)

    def _statements(self, standing: Standing, reading: Reading) -> int:
        read = sum(statements(target, standing, reading.entities) for target in self.reads)
        recorded = any(leaves_record(target, standing, reading.entities) for target in self.reads)
        return _WHO_ASKS + read + (_THE_RECORD if recorded else 0)


@dataclass(frozen=True, slots=True)
class Foreseeing:
    """The context of a document that is not executed: of `Context` what resolvers look at, and no session."""

    viewer: Viewer
    reading: Reading
    foresight: Foresight


class ForeseeingExecutor(ReadingExecutor):
    """Runs the resolvers of a document; `foresight` of its context learns what they promise."""

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Complete what a resolver returned; not the schema's description of itself, which is work for nothing."""
        if get_named_type(return_type).name.startswith("__"):
            return None
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def keep(self, promise: Promise, _kind: GraphQLOutputType, fields: list[FieldDetails], path: Path) -> Any:
        """Note what would be read; null stands for it, also where the schema has no null."""
        context = self.context_value
        assert isinstance(context, Foreseeing)
        collector = self.collector(context.reading.entities)
        pattern = pattern_of(place_of(path))
        reads = context.foresight.reads
        if isinstance(promise, Read):
            reads.append(collector.view(promise.kind, fields, pattern))
        elif isinstance(promise, ReadEach):
            kinds = dict.fromkeys(key[0] for key in promise.keys if isinstance(key, tuple))
            reads.extend(collector.view(kind, fields, (*pattern, "@")) for kind in kinds)
        elif isinstance(promise, ReadList):
            reads.append(collector.connection(promise.many, promise.kind, promise.name, fields, pattern))
