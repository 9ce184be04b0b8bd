"""The mutations, a module each: its input, its payload, and the way from the one to the other."""
