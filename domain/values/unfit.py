"""What is said of values that cannot be taken."""

from collections.abc import Mapping


class UnfitValueError(ValueError):
    """The value cannot be taken. The message is a sentence for whoever typed it, and repeats nothing of it."""


class UnfitValuesError(Exception):
    """Values that cannot be taken: a sentence for each, by the name of what it was meant for."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)
