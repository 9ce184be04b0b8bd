"""The sealer's statements."""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Delete,
    Insert,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from authz.audit.event import access_event
from authz.audit.seal.leaf import columns_of
from authz.audit.seal.model import trail_checkpoint, trail_leaf, trail_node, unkept_checkpoint, unsealed_event
from authz.audit.terms import access_term
from tenants.session import CURRENT_TENANT, in_tenant
from tenants.statements import Plan, compiled
from tenants.tables import Timestamp

# Locks are numbers: this seed keeps the sealer's apart from whatever else is locked by a tenant's id.
_SEED = literal_column("5377219604118262", BigInteger())

WAITING = text("SELECT tenant_id FROM unsealed_event UNION SELECT tenant_id FROM unkept_checkpoint")
"""Run outside any tenant."""

# These tables grow from nothing within one plan's life, so it must not be made for the nothing.
ALONG_INDEXES = compiled(select(func.set_config(*map(literal_column, ("'enable_seqscan'", "'off'", "true")))))
_AFTER_AT = bindparam("after_at", type_=Timestamp)

# One sealer of a tenant at a time. The lock falls with the transaction, when what it wrote can be seen.
TAKE_TURN = compiled(
    select(func.pg_try_advisory_xact_lock(func.hashtextextended(cast(CURRENT_TENANT, Text), _SEED)).label("mine"))
)
SIZE = compiled(select(func.max(trail_leaf.c.position).label("last")).where(in_tenant(trail_leaf)))
NEWEST = compiled(
    select(trail_checkpoint.c.size, trail_checkpoint.c.at, trail_checkpoint.c.note)
    .where(in_tenant(trail_checkpoint))
    .order_by(trail_checkpoint.c.size.desc())
    .limit(literal_column("1"))
)
HASHES = compiled(
    select(
        cast(
            func.trail_hashes(bindparam("place", type_=BigInteger()), bindparam("size", type_=BigInteger())), Text
        ).label("hashes")
    )
)


def first_covering(event_id: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `value`, made of the leaf of an event and the first checkpoint that covers it, for a statement about it.

    Null for an event that none covers yet. In `value` the two tables stand for themselves.
    """
    covers = and_(trail_checkpoint.c.tenant_id == CURRENT_TENANT, trail_checkpoint.c.size > trail_leaf.c.position)
    return (
        select(value)
        .select_from(trail_leaf.join(trail_checkpoint, covers))
        .where(in_tenant(trail_leaf), trail_leaf.c.event_id == event_id)
        .order_by(trail_checkpoint.c.size)
        .limit(literal_column("1"))
        .correlate_except(trail_leaf, trail_checkpoint)
        .scalar_subquery()
    )


@lru_cache(maxsize=8)
def next_waiting(most: int) -> Plan:
    """Return the statement for the oldest `most` events that wait, from the place `after_at` and `after_id` on.

    What was taken before that place is passed over: rows that were deleted stay in the index for a while, and to walk
    over all of them each time would take longer and longer. Columns of the event are null where it is gone. `most`
    stands in the text: without it PostgreSQL would make a plan for a tenth of all that waits.
    """
    waiting, event = unsealed_event, access_event.alias("event")
    first = (
        select(waiting)
        .where(
            in_tenant(waiting),
            waiting.c.at >= _AFTER_AT,
            or_(waiting.c.at > _AFTER_AT, waiting.c.event_id > bindparam("after_id", type_=Uuid())),
        )
        .order_by(waiting.c.at, waiting.c.event_id)
        .limit(literal_column(str(most), Integer()))
        .subquery("first")
    )
    names = (("retention_years", "retention_years"), ("at", "at"), ("id", "event_id"))
    there = and_(event.c.tenant_id == CURRENT_TENANT, *(event.c[one] == first.c[other] for one, other in names))
    looked_up = select(*columns_of(event)).where(there).offset(literal_column("0")).lateral("found")
    place = (first.c.at.label("waiting_at"), first.c.event_id.label("waiting_id"))
    rows = select(*place, looked_up).select_from(first.outerjoin(looked_up, true()))
    return compiled(rows.order_by(first.c.at, first.c.event_id))


def _given(**kinds: TypeEngine[Any]) -> FromClause:
    """Return rows out of arrays that are bound, of columns so named."""
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    columns = (column(name, kind) for name, kind in kinds.items())
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="n").render_derived(name="given")


def _add_leaves() -> Insert:
    rows = _given(ids=Uuid(), years=SmallInteger(), times=Timestamp, hashes=LargeBinary())
    position = cast(rows.c.n, Integer) + bindparam("first", type_=Integer()) - literal_column("1")
    names = ["tenant_id", "event_id", "retention_years", "at", "hash", "position"]
    return insert(trail_leaf).from_select(
        names, select(CURRENT_TENANT, rows.c.ids, rows.c.years, rows.c.times, rows.c.hashes, position)
    )


def _add_nodes() -> Insert:
    rows = _given(levels=SmallInteger(), numbers=Integer(), roots=LargeBinary())
    names = ["tenant_id", "level", "index", "hash"]
    return insert(trail_node).from_select(names, select(CURRENT_TENANT, rows.c.levels, rows.c.numbers, rows.c.roots))


def _add_terms() -> Insert:
    """Return the statement that adds terms, each told with the number of its event among those given."""
    arrays = (bindparam("terms", type_=ARRAY(Text)), bindparam("events", type_=ARRAY(Integer())))
    made = func.unnest(*arrays).table_valued(column("term", Text), column("event", Integer)).render_derived(name="made")
    kinds: dict[str, TypeEngine[Any]] = {"years": SmallInteger(), "times": Timestamp, "ids": Uuid()}
    given = select(*(bindparam(name, type_=ARRAY(kind)).label(name) for name, kind in kinds.items())).subquery("given")
    told = (given.c[name][made.c.event] for name in kinds)
    names = ["tenant_id", "term", "retention_years", "at", "event_id"]
    rows = select(CURRENT_TENANT, cast(made.c.term, Uuid), *told).select_from(given.join(made, true()))
    return insert(access_term).from_select(names, rows)


def _take() -> Delete:
    """Return the statement that takes events from those that wait."""
    rows = _given(ids=Uuid(), years=SmallInteger(), times=Timestamp)
    return delete(unsealed_event).where(
        in_tenant(unsealed_event),
        unsealed_event.c.at == rows.c.times,
        unsealed_event.c.event_id == rows.c.ids,
        unsealed_event.c.retention_years == rows.c.years,
    )


SAME_CHECKPOINT = and_(
    trail_checkpoint.c.tenant_id == unkept_checkpoint.c.tenant_id, trail_checkpoint.c.size == unkept_checkpoint.c.size
)

TAKE = compiled(_take())
ADD_LEAVES = compiled(_add_leaves())
ADD_NODES = compiled(_add_nodes())
ADD_TERMS = compiled(_add_terms())
ADD_CHECKPOINT = compiled(
    insert(trail_checkpoint).values(
        tenant_id=CURRENT_TENANT,
        size=bindparam("size", type_=Integer()),
        at=bindparam("at", type_=Timestamp),
        note=bindparam("note", type_=Text()),
    )
)
ADD_UNKEPT = compiled(
    insert(unkept_checkpoint).values(tenant_id=CURRENT_TENANT, size=bindparam("size", type_=Integer()))
)
UNKEPT = compiled(
    select(trail_checkpoint.c.size, trail_checkpoint.c.at, trail_checkpoint.c.note)
    .select_from(unkept_checkpoint.join(trail_checkpoint, SAME_CHECKPOINT))
    .where(in_tenant(unkept_checkpoint))
    .order_by(trail_checkpoint.c.size)
    .limit(bindparam("most", type_=Integer()))
)
KEPT = compiled(
    delete(unkept_checkpoint).where(
        in_tenant(unkept_checkpoint), unkept_checkpoint.c.size == bindparam("size", type_=Integer())
    )
)
