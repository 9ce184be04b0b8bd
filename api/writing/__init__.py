"""Changes: whether they may be made, what became of them, and the record of them."""
