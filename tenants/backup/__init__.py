"""Backups: the data and the keys, apart, as they are at one moment, by PostgreSQL's own programs."""
