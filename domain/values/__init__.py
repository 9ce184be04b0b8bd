"""Values that people type in: which may be taken, and in which form they are kept."""
