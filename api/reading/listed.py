"""The rows of a list where its page is read: their tables, the person that each describes, how the viewer meets it."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    true,
)

from api.reading.capacities import bit, is_known, is_taught, known_people
from api.reading.entity import Entity, Many, One, Tables
from api.reading.rows import Joined, described, fence, fenced_rows, within
from api.reading.slots import ROOT
from api.reading.standing import FLAGS, TENANT, Standing, flags_of
from authz.viewer import Role
from domain.enrollments.model import enrollment
from domain.people.model import person
from tenants.keys.columns import sealed_columns

_NO_ROW = -(1 << 24)
"""Far below every situation."""


class Rows:
    """The rows of `entity` in one list, `many`, or those whose keys are in `:keys` where that is None.

    `parents`: the objects whose lists are read, with their situations, for a list inside others.
    `found_by` makes, of the key of whose list it is, what the rows are found by, if that is not their table; `opened`
    are the sealed columns that will be read of them.
    """

    def __init__(
        self,
        entity: Entity,
        standing: Standing,
        many: Many | None,
        parents: FromClause | None,
        found_by: Callable[[ColumnElement[Any]], FromClause | None],
        opened: AbstractSet[str],
    ) -> None:
        self._entity = entity
        self._standing = standing
        self._parents = parents
        self._subject: Tables | None = None
        self._opened = opened
        self.tables = Joined(entity, ROOT)
        """With `start`, what to select from, which grows when more is asked for."""
        self.parent = bindparam("parent", type_=Uuid()) if parents is None else parents.c.key
        self._asked_for = _keys() if many is None else None
        if many is not None and (found := found_by(self.parent)) is not None:
            self._begin_among(found)
        self.key = self.tables[entity.table].c[entity.key.name]
        self._belongs = true() if many is None else many.belongs(self.tables, self.parent)
        if self._asked_for is not None:
            self._begin_with(self._asked_for)
        self._of_owner = many is not None and many.of_owner
        self._stands_as_parent = many is not None and many.stands_as_parent and parents is not None
        self.situation = self._meet()

    @property
    def identity(self) -> ColumnElement[Any]:
        """Return the key of the person whom a row describes."""
        column = self._entity.subject
        assert column is not None
        if self._parents is not None and self._belongs_to_row_of(column.table):
            return self._parents.c.subject
        found = self.tables[column.table].c[column.name]
        return found if self._asked_for is None else func.coalesce(found, self._asked_for.c.key)

    def _begin_with(self, keys: FromClause) -> None:
        """Look for the row of each of `keys`. For one that is not there do the same: time must not tell them apart."""
        entity, tables = self._entity, self.tables
        there = [tables[entity.table].c.tenant_id == TENANT, self.key == keys.c.key]
        if entity.exists is not None:
            there.append(entity.exists(tables))
        tables.start = keys.outerjoin(tables[entity.table], and_(*there))
        tables.outer = True

    def _begin_among(self, found: FromClause) -> None:
        """Take the rows whose keys are in `found`, in its order.

        Each is looked up behind a fence: from what the list asks of it PostgreSQL cannot tell how few there are, and
        would rather read the whole table.
        """
        table = self._entity.table.alias("row")
        same = [table.c.tenant_id == TENANT, *(table.c[column.name] == column for column in found.c)]
        sealed = sealed_columns(self._entity.table)
        hidden = set(sealed.sealed if sealed is not None else ()) - self._opened
        columns = [column for column in table.c if column.name not in hidden]
        row = fenced_rows(table, columns, and_(*same), ROOT)
        self.tables[self._entity.table] = row
        self.tables.fenced = True
        # Said again, so that the rows are known to be in the order of what was found.
        self.tables.start = found.join(row, and_(*(row.c[column.name] == column for column in found.c)))

    def _belongs_to_row_of(self, table: Table) -> bool:
        """Tell whether the list is in the object that its rows' part in `table` is: no more to join to know it."""
        joined = any(table is other for other, _ in self._entity.joins)
        return joined and self._belongs.compare(self.tables.link(table) == self.parent)

    @property
    def subject(self) -> Tables:
        """Return where the person stands whom a row describes; joined when first asked for."""
        if self._subject is None:
            self._subject = described(self._entity, self.tables, ROOT)
        return self._subject

    def join(self, other: FromClause, there: ColumnElement[bool] | None = None) -> None:
        """Add `other` to every row: what there is of it where `there` holds, or what is made of the row itself."""
        start = self.tables.start
        self.tables.start = start.join(other, true()) if there is None else start.outerjoin(other, there)

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what makes a row one of the list, and one that exists for the viewer."""
        entity, standing = self._entity, self._standing
        visible = standing.visible(entity)
        found = self._of_list()
        if entity.subject is not None or not visible:
            found.append(within(self.situation, visible))
        if self._is_met_by_relation() and all(any(map(is_known, standing.held(each))) for each in visible):
            # The situation says it too, but this an index can answer.
            found.append(self.identity == func.any(known_people(standing.roles)))
        return found

    def _of_list(self) -> list[ColumnElement[bool]]:
        entity = self._entity
        if self._asked_for is not None:
            # What is not there is in no situation, where there are any.
            return [self.key.is_not(None)] if entity.subject is None else []
        found = [self.tables[entity.table].c.tenant_id == TENANT, self._belongs]
        return found if entity.exists is None else [*found, entity.exists(self.tables)]

    def leads_to_subject(self, name: str, target: Entity) -> bool:
        """Tell whether the field `name` leads from every row to the very person, a `target`, whom it describes.

        Then that person is met in the capacities in which the row is (`toward_subject`).
        """
        entity = self._entity
        link = entity.sources[name]
        if not isinstance(link, One) or link.link is not entity.subject or target.key is not person.c.id:
            return False
        is_enrolment = entity.course is enrollment.c.course_id and entity.subject is enrollment.c.learner_id
        is_alike = target.course is None and (entity.course is None or is_enrolment)
        is_plain = not (target.published or entity.optional_subject)
        is_released = self._standing.allowed(entity, name) >= self._standing.visible(entity)
        return is_alike and is_plain and is_released and self._is_met_by_relation()

    def toward_subject(self, situation: ColumnElement[int], identity: ColumnElement[Any]) -> ColumnElement[int]:
        """Return the situation of the person `identity` to whom a row with `situation` leads.

        It is the row's, but for those who teach: an enrolment is met by the teachers of its course, the person by the
        teachers of any they take. An enrolment in a course that the viewer teaches shows that there is one.
        """
        value = self._standing.values.get(Role.INSTRUCTOR)
        if value is None or self._entity.course is None:
            return situation
        counted = situation.bitwise_and(literal_column(str(value), Integer))
        return situation + bit(and_(counted == literal_column("0"), is_taught(identity)), value)

    def met_as(self, entity: Entity, name: str) -> ColumnElement[int]:
        """Return the situation of a row as one of `entity`, which is on the same tables; `name`: of what is joined."""
        fenced = fence(self._standing.expression(entity, self.tables, self.subject), f"{name}_s")
        self.join(fenced)
        return fenced.c.situation

    def _is_met_by_relation(self) -> bool:
        """Tell whether a row's situation is made of the viewer's relations to the very person whom it describes."""
        return self._entity.subject is not None and not self._entity.published and not self._stands_as_parent

    def _meet(self) -> ColumnElement[int]:
        entity, standing, parents = self._entity, self._standing, self._parents
        if self._stands_as_parent and parents is not None:
            if not entity.optional_subject:
                return parents.c.situation
            # Met as the parent is, but the row describes somebody else.
            own = parents.c.situation.bitwise_and(literal_column(str(~FLAGS), Integer)) + flags_of(self.subject)
            fenced = fence(own, "s")
            self.join(fenced)
            return fenced.c.situation
        if entity.subject is None:
            return literal_column(str(standing.everything), Integer)
        # A list in the object of the person whom its rows describe: that object's situation has their flags.
        # Not where it belongs to whose list that object is in: the object, an event, has its actor's flags.
        is_theirs = not self._of_owner and self._belongs.compare(self.identity == self.parent)
        flags: ColumnElement[int] = (
            parents.c.situation.bitwise_and(literal_column(str(FLAGS), Integer))
            if parents is not None and is_theirs
            else flags_of(self.subject)
        )
        expression = standing.expression_with(flags, entity, self.tables, self.identity)
        if self._asked_for is not None:
            # Added up, so that the other part is worked out too.
            expression += bit(self.key.is_(None), _NO_ROW)
        fenced = fence(expression, "s")
        self.join(fenced)
        return fenced.c.situation


def _keys() -> FromClause:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Uuid()))).table_valued(column("key", Uuid))
    return keys.render_derived(name="k")
