"""Whom somebody can meet at all in a role, whoever it is that holds it."""
