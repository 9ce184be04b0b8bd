"""Who is in a tenant: people, their membership, their roles, and who is whose guardian."""
