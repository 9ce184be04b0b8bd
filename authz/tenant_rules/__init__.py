"""A tenant's own rules: stored, bound to the platform's ceiling, made part of that tenant's mask."""
