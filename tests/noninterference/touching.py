"""Whether a case could catch anything: what its documents would tell of the rewriting if something were not hidden.

The oracle answers a document in both worlds as a server would that keeps nothing hidden of one kind: cells that are
asked, cells that a list is filtered or ordered by, or rows. Where these answers differ, a leak of that kind shows.
For comparison, a cell is changed that the viewer does see.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import parse

from tests.noninterference.asking import Asked
from tests.noninterference.hidden import DECIDING
from tests.noninterference.sight import TABLE_OF
from tests.noninterference.tables import TABLES, Tables, copied, key_of
from tests.noninterference.values import NOON, value
from tests.oracle.answer import _Answering
from tests.oracle.capacities import OracleViewer
from tests.oracle.filters import column
from tests.oracle.judge import Denied, Judge
from tests.oracle.ledger import Asked as AskedCell
from tests.oracle.row import Row
from tests.oracle.world import World


class _Open(Judge):
    """Decides as the oracle does, but for what a kind of leak leaves open."""

    def __init__(self, world: World, viewer: OracleViewer) -> None:
        super().__init__(world, viewer)
        self._strict = Judge(world, viewer)

    def denied(self, row: Row, field: str) -> Denied | None:
        """Return why a cell that is asked may not be read."""
        return self._strict.denied(row, field)

    def readable(self, row: Row, field: str) -> bool:
        """Return whether a list may be filtered or ordered by the cell."""
        return self._strict.readable(row, field)

    def visible(self, row: Row) -> bool:
        """Return whether the row exists for the viewer."""
        return self._strict.visible(row)

    def access(self, row: Row) -> list[dict[str, object]]:
        """Return nothing: what is told of access is no value."""
        return []


class _TellsCells(_Open):
    def denied(self, row: Row, field: str) -> Denied | None:
        return None


class _FiltersByAll(_Open):
    def readable(self, row: Row, field: str) -> bool:
        return True


class _ShowsRows(_Open):
    def visible(self, row: Row) -> bool:
        return True


class _HidesNothing(_TellsCells, _FiltersByAll, _ShowsRows):
    pass


_KINDS: dict[str, type[_Open]] = {
    "asked": _TellsCells,
    "filtered or ordered": _FiltersByAll,
    "rows": _ShowsRows,
    "anything": _HidesNothing,
}
KINDS = tuple(_KINDS)


def touched(asked: Asked, viewer: OracleViewer, before: World, after: World) -> Iterator[str]:
    """Yield the kinds of leaks that would show in what the document is answered."""
    for name, judge in _KINDS.items():
        if answer(asked, judge(before, viewer)) != answer(asked, judge(after, viewer)):
            yield name


def answer(asked: Asked, judge: Judge) -> Any:
    """Return the data and the errors that a document is answered to by these decisions."""
    expected = _Answering(judge, parse(asked.document), dict(asked.variables), "").run()
    return expected.data, expected.errors


def change_a_released_cell(rng: random.Random, tables: Tables, viewer: OracleViewer, asked: Asked) -> Tables | None:
    """Return `tables` with one cell changed that the document's answer shows; None when it shows none."""
    judge = Judge(World(tables, NOON), replace(viewer, cursors={}))
    cells = sorted(set(_released(judge, asked)), key=str)
    for table, key, name in rng.sample(cells, min(5, len(cells))):
        changed = copied(tables)
        row = next(row for row in changed[table] if key_of(table, row) == key)
        row[name] = value(table, name, rng)
        if answer(asked, Judge(World(changed, NOON), viewer)) != answer(asked, judge):
            return changed
    return None


def _released(judge: Judge, asked: Asked) -> Iterator[tuple[str, Any, str]]:
    """Yield the cells of tables that the answer to the document shows and that decide nothing."""
    answering = _Answering(judge, parse(asked.document), dict(asked.variables), "")
    answering.run()
    for entry in answering._ledger.entries:
        if not isinstance(entry, AskedCell) or entry.denied is not None or entry.row.kind not in TABLE_OF:
            continue
        table, name = TABLE_OF[entry.row.kind], column(entry.field.partition(".")[2])
        if name in TABLES[table].c and name != "id" and name not in DECIDING.get(table, ()):
            yield table, (entry.row.key,), name
