"""Relay connections: edges and nodes side by side, and where the page lies in its list."""

from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's PageInfo (Relay cursor connections specification, section 5)."""

    has_next_page: bool = strawberry.field(description="Whether something comes after the page.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before the page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first object.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last object.")


@strawberry.type(description="An object in a list, and its place there.")
class Edge(Generic[T]):
    """An object with its cursor."""

    cursor: str = strawberry.field(description="The object's place in this list and order, for this viewer.")
    node: T = strawberry.field(description="The object.")


@strawberry.type(description="A page of a list. It holds only what the viewer may know to exist.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(description="The page's objects with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's objects.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in its list.")
