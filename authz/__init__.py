"""Who may read what, and who did."""
