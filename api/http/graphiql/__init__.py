"""The GraphiQL page, served from this folder alone: nothing it shows comes from another host."""

from api.http.graphiql.page import graphiql_routes

__all__ = ["graphiql_routes"]
