"""Tenants and what keeps them apart: identities, the database, isolation, the only opener of a transaction."""
