"""Viewer: who is asking, and in which tenant."""

import strawberry
from sqlalchemy import select

from api.context import Context
from api.ids import encode_id
from api.schema.tenant import Tenant
from authz.viewer import Role
from tenants.model import tenant
from tenants.session import in_tenant

strawberry.enum(
    Role,
    description="In what role somebody asks: granted (INSTRUCTOR, ENTERPRISE_ADMIN and the platform's staff), or held "
    "by what somebody is to somebody else.",
)

_TENANT = select(tenant.c.tenant_id, tenant.c.slug, tenant.c.name).where(in_tenant(tenant))


async def resolve_tenant(info: strawberry.Info[Context, None]) -> Tenant:
    """Return the tenant of the request's own transaction."""
    row = await info.context.session.first(_TENANT)
    assert row is not None, "a session's tenant has a row: its foreign key says so"
    return Tenant(id=strawberry.ID(encode_id("Tenant", row.tenant_id)), slug=row.slug, name=row.name)


@strawberry.type(description="Who is asking, and in which tenant.")
class Viewer:
    """The person behind the token."""

    id: strawberry.ID = strawberry.field(description="The id of the one who asks; not a Node.")
    roles: list[Role] = strawberry.field(
        description="Every role the viewer holds in this tenant, in the order of Role."
    )

    tenant: Tenant = strawberry.field(resolver=resolve_tenant, description="The tenant the viewer is signed in to.")


def resolve_viewer(info: strawberry.Info[Context, None]) -> Viewer:
    """Return who is asking."""
    viewer = info.context.viewer
    return Viewer(id=strawberry.ID(encode_id("Viewer", viewer.person_id)), roles=list(viewer.roles))
