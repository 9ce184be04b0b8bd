"""Viewer: who is asking, and in which tenant."""

import strawberry

from api.context import Context
from api.ids import encode_id
from api.reading.declare import many, promised
from api.reading.reads import Read
from api.schema import lists
from api.schema.connection import Connection
from api.schema.course import Course
from api.schema.enums import Role
from api.schema.learner import Learner
from api.schema.tenant import Tenant

Info = strawberry.Info[Context, None]


@strawberry.type(description="Who is asking, and in which tenant.")
class Viewer:
    """The person behind the token."""

    id: strawberry.ID = strawberry.field(description="The id of the one who asks; not a Node.")
    roles: list[Role] = strawberry.field(description="Every role the viewer holds here, in the order of Role.")
    tenant: Tenant = promised(
        lambda context, _: Read("Tenant", context.viewer.tenant_id), "The tenant the viewer is signed in to."
    )
    learner: Learner | None = promised(
        lambda context, _: None if context.viewer.case_id else Read("Learner", context.viewer.person_id),
        "The viewer's own record; null for the platform's staff.",
    )
    teaches: Connection[Course] = many("Course", lists.courses_taught_by, None, "The courses that the viewer teaches.")
    wards: Connection[Learner] = many("Learner", lists.wards_of, None, "The minors for whom the viewer answers.")


def resolve_viewer(info: Info) -> Viewer:
    """Return who is asking."""
    viewer = info.context.viewer
    return Viewer(id=strawberry.ID(encode_id("Viewer", viewer.person_id)), roles=list(viewer.roles))
