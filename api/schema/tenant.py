"""Tenant: the organisation in which the viewer asks."""

import strawberry

from api.schema.node import Node


@strawberry.type(description="An organisation with its own people, rules and trail.")
class Tenant(Node):
    """The viewer's tenant; there is no way to another."""

    slug: str = strawberry.field(description="Its short name: lower-case letters, digits and hyphens.")
    name: str = strawberry.field(description="Its name as people write it.")
