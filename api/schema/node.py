"""Node: every object that has an id of its own."""

import strawberry


@strawberry.interface(description="An object with an id that no other object has.")
class Node:
    """The interface of every object with a global id."""

    id: strawberry.ID = strawberry.field(description="The id of this object; the same for ever, and opaque.")
