"""Who takes which course, and with what result."""
