"""Why a mutation was not carried out, as its payload says it."""

from enum import StrEnum
from typing import NamedTuple


class CallCode(StrEnum):
    """Why a call was refused."""

    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    CONFLICT = "CONFLICT"


class Problem(NamedTuple):
    """One reason. `field`: the part of the input that it is about, as names from the input down; None for the call."""

    code: CallCode
    message: str
    field: str | None = None


class CallRefusedError(Exception):
    """The call was refused and changed nothing. There is a problem at least."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def not_found(field: str) -> CallRefusedError:
    """Return the refusal of an id in the input: the same for what is missing, hidden, foreign and of another type."""
    return CallRefusedError(Problem(CallCode.NOT_FOUND, "There is nothing with this id.", field))


def forbidden(*fields: str | None) -> CallRefusedError:
    """Return the refusal of a call that may not be made (None), or of fields of its input that may not be written."""
    told = {True: "This may not be done here.", False: "This may not be changed here."}
    return CallRefusedError(*(Problem(CallCode.FORBIDDEN, told[field is None], field) for field in fields))
