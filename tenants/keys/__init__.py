"""Keys: who may read what is sealed. A key per person, wrapped by the tenant's key, wrapped by the master key."""
