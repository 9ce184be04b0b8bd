"""Licences: pools of seats and who holds one."""
