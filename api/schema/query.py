"""Query: where every question begins."""

import strawberry

from api.schema.viewer import Viewer, resolve_viewer


@strawberry.type(description="Where every question begins.")
class Query:
    """The root of every query."""

    viewer: Viewer = strawberry.field(resolver=resolve_viewer, description="Who is asking, by the token that was sent.")
