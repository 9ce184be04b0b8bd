"""The GraphQL schema: one file per type."""
