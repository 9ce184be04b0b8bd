"""What keeps a comparison, or a part of it, from being made."""


class CompareError(Exception):
    """The message is a line for the person at the terminal; it holds nothing of the data."""
