"""Relations of seats, as predicates that a statement can hold."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_

from domain.seats.model import SeatStatus


def is_live(seat: FromClause) -> ColumnElement[bool]:
    """Return the predicate that a seat (the table or an alias of it) is invited or active."""
    status: ColumnElement[Any] = seat.c.status
    return or_(status == SeatStatus.INVITED.value, status == SeatStatus.ACTIVE.value)
