"""The rules of the platform, without GraphQL: one folder per concept."""
