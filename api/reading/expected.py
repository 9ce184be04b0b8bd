"""What reading will take, told from what is asked and from the standing: the reader's own tree, and no row."""

from collections.abc import Iterator

from api.reading.compiled import compiled_for
from api.reading.entity import Entity, One
from api.reading.layout import Layout
from api.reading.selection import Connection, Entities, View
from api.reading.standing import Standing

Target = Connection | View


def statements(asked: Target, standing: Standing, entities: Entities) -> int:
    """Return how many statements read `asked` at most: its own, and those of the lists in it that can be released."""
    return 1 + sum(statements(inner, standing, entities) for inner in _lists(asked, standing, entities))


def leaves_record(asked: Target, standing: Standing, entities: Entities) -> bool:
    """Tell whether reading `asked` can release or deny anything about a person, so that there is something to record.

    What a list is filtered or ordered by counts like what is shown.
    """
    layouts = compiled_for(asked, standing, entities).layouts.values()
    if any(_tells(one, standing) for layout in layouts for one in _layouts_in(layout)):
        return True
    if isinstance(asked, Connection) and _tells_by_use(asked, standing, entities):
        return True
    return any(leaves_record(inner, standing, entities) for inner in _lists(asked, standing, entities))


def _lists(asked: Target, standing: Standing, entities: Entities) -> Iterator[Connection]:
    """Yield the lists inside `asked` that some situation releases; the reader finds no parents for the others."""
    for inner, _, allowed in compiled_for(asked, standing, entities).lists:
        if inner.connection is not None and allowed:
            yield inner.connection


def _layouts_in(layout: Layout) -> Iterator[Layout]:
    yield layout
    yield from layout.parts.values()
    for _, inner in layout.inner:
        yield from _layouts_in(inner)


def _tells(layout: Layout, standing: Standing) -> bool:
    """Tell whether an object of `layout` can leave a word about its subject: something personal, or any denial."""
    if layout.subject_at < 0:
        return False
    exists = standing.visible(layout.view.entity)
    return any((decided.personal and decided.allowed) or exists - decided.allowed for decided in layout.decided)


def _tells_by_use(asked: Connection, standing: Standing, entities: Entities) -> bool:
    entity = asked.target
    if entity.subject is None:
        return False
    used: list[tuple[Entity, str]] = [(entity, one.filter.name) for one in asked.conditions]
    for key in asked.keys:
        link = entity.sources[key.through] if key.through is not None else None
        if key.name != "id":
            used.append((entities[link.target] if isinstance(link, One) else entity, key.name))
    return any(of.category(name) is not None and standing.allowed(of, name) for of, name in used)
