"""FieldAccess: what a viewer may read of an object, and why not the rest."""

import strawberry

from api.schema.enums import DenialReason


@strawberry.type(description="Whether the viewer may read a field of an object.")
class FieldAccess:
    """One field of one object before one viewer."""

    field: str = strawberry.field(description="The field, as Type.field.")
    readable: bool = strawberry.field(description="Whether it may be read.")
    reason: DenialReason | None = strawberry.field(description="Why not.")
    rule: str | None = strawberry.field(
        description="The policy's file and line that decided; null where nothing is said."
    )
