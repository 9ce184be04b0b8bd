"""Tenant: the organisation in which the viewer asks."""

import strawberry

from api.reading.declare import cell, entity, key, many
from api.schema import lists
from api.schema.connection import Connection
from api.schema.learner import Learner
from api.schema.node import Node
from api.schema.seat import SeatPool
from tenants.model import tenant


@entity(tenant, decided=frozenset({"seatPools"}))
@strawberry.type(description="An organisation with its own people, rules and trail.")
class Tenant(Node):
    """The viewer's tenant; there is no way to another."""

    id: strawberry.ID = key("Tenant", of=tenant.c.tenant_id)
    slug: str = cell(tenant.c.slug, None, "Its short name: lower-case letters, digits and hyphens.")
    name: str = cell(tenant.c.name, None, "Its name as people write it.")
    members: Connection[Learner] = many(
        "Learner", lists.everybody, None, "Its people, as far as the viewer may know.",
        filters=lists.LEARNER_FILTERS, orders=lists.LEARNER_ORDERS,
    )  # fmt: skip
    seat_pools: Connection[SeatPool] | None = many(
        "SeatPool", lists.every_row, None, "Its pools of seats, for whoever may see seats."
    )
