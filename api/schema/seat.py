"""SeatPool and Seat: licences, and who holds one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from sqlalchemy import ColumnElement, Integer, func, select

from api.reading.category import DataCategory
from api.reading.declare import cell, entity, key, many, one
from api.reading.entity import Entity, Tables
from api.schema import lists
from api.schema.connection import Connection
from api.schema.course import Course
from api.schema.enums import SeatStatus
from api.schema.learner import Learner
from api.schema.node import Node
from domain.seats.model import seat, seat_pool
from domain.seats.relations import is_live
from tenants.session import CURRENT_TENANT

SEAT = DataCategory.SEAT

_OF_SEAT = "SeatPool of a seat"


def _assigned(tables: Tables, _parent: ColumnElement[Any] | None) -> ColumnElement[Any]:
    held = seat.alias("counted")
    mine = [held.c.tenant_id == CURRENT_TENANT, held.c.pool_id == tables[seat_pool].c.id, is_live(held)]
    return select(func.count().cast(Integer)).select_from(held).where(*mine).correlate_except(held).scalar_subquery()


def _available(tables: Tables, parent: ColumnElement[Any] | None) -> ColumnElement[Any]:
    return func.greatest(tables[seat_pool].c.total - _assigned(tables, parent), 0)


@entity(seat_pool, decided=frozenset({"id"}))
@strawberry.type(description="A number of seats that a tenant bought, for some courses and some time.")
class SeatPool(Node):
    """A pool of seats."""

    id: strawberry.ID = key("SeatPool", of=seat_pool.c.id)
    name: str = cell(seat_pool.c.name, None, "What it is called.")
    total: int = cell(seat_pool.c.total, None, "How many seats it has.")
    assigned: int = cell(_assigned, None, "How many of them are taken: invited or active.")
    available: int = cell(_available, None, "How many are left.")
    starts_on: date = cell(seat_pool.c.starts_on, None, "The first day the seats are good for.")
    ends_on: date = cell(seat_pool.c.ends_on, None, "The last day the seats are good for.")
    courses: Connection[Course] = many("Course", lists.courses_of_pool, None, "The courses that the seats open.")
    seats: Connection[Annotated["Seat", strawberry.lazy("api.schema.seat")]] = many(
        "Seat", lists.seats_of_pool, None, "The seats, as far as the viewer may know.", filters=lists.SEAT_FILTERS
    )


@entity(seat, subject=seat.c.person_id)
@strawberry.type(description="A seat of a pool that a person holds or held.")
class Seat(Node):
    """A seat."""

    id: strawberry.ID = key("Seat", DataCategory.IDENTIFIER, of=seat.c.id)
    pool: SeatPool = one(_OF_SEAT, seat.c.pool_id, None, "The pool it belongs to.")
    status: SeatStatus | None = cell(seat.c.status, SEAT, "Where it stands.")
    email: str | None = cell(seat.c.email, DataCategory.CONTACT, "The address the invitation went to.")
    learner: Learner | None = one("Learner", seat.c.person_id, DataCategory.IDENTIFIER, "Who holds it.")
    assigned_at: datetime | None = cell(seat.c.assigned_at, SEAT, "When it was assigned.")
    accepted_at: datetime | None = cell(seat.c.accepted_at, SEAT, "When the invitation was accepted.")
    revoked_at: datetime | None = cell(seat.c.revoked_at, SEAT, "When it was taken back.")
    last_used_at: datetime | None = cell(seat.c.last_used_at, DataCategory.BEHAVIOUR, "When it was last used.")


def variants(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Return the pools as seats lead to them: whoever may see a seat may see its pool."""
    return {_OF_SEAT: replace(entities["SeatPool"], decided=frozenset(), variant="of a seat")}
