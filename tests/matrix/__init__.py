"""Who may do what, as data: every cell that is allowed is listed in a file here, all others are not.

Beside this file stands who may read what, and in `mutation.csv` who may call which mutation; in `writes/`, who may
write which field through one.

The files are written from the platform's promises, not from its policy. A line is `role, purposes, classes, fields`,
the last three being lists with spaces between: it lists role x field x class x purpose.
"""

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent

Cell = tuple[str, str, str, str]
"""Role, `Type.field`, class of the subject (adult, minor, restricted), purpose."""

CALLS = FOLDER / "mutation.csv"

MEETS = {
    "LEARNER": {"adult", "restricted"},
    "MINOR": {"minor", "restricted"},
    "GUARDIAN": {"minor", "restricted"},
}
"""The classes of subject toward which a capacity can be held at all, where not all three: a learner who is a minor has
the role MINOR, and a ward is a minor. Access events and their actors are left out: these are read in somebody's log."""


def expected(action: str = "read") -> set[Cell]:
    """Return every cell for which `action` (read, write or call) is allowed."""
    files = {
        "read": sorted(set(FOLDER.glob("*.csv")) - {CALLS}),
        "write": sorted((FOLDER / "writes").glob("*.csv")),
        "call": [CALLS],
    }
    cells: set[Cell] = set()
    for path in files[action]:
        for place, cell in _cells(path):
            assert cell not in cells, f"{place}: {cell} is listed twice"
            cells.add(cell)
    return cells


def can_be_met(role: str, field: str, subject: str) -> bool:
    """Tell whether there can be a row of this type and class toward which somebody holds the role."""
    if field.startswith(("AccessEvent.", "Actor.", "Instructor.")):
        return True
    if field.startswith(("SeatPool.", "Tenant.")):
        return subject == "adult"
    return subject in MEETS.get(role, {subject})


def _cells(path: Path) -> Iterator[tuple[str, Cell]]:
    type_name = "".join(part.capitalize() for part in path.stem.split("_"))
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        role, purposes, classes, fields = (part.strip() for part in line.split(","))
        for purpose in purposes.split():
            for subject in classes.split():
                for field in fields.split():
                    yield f"{path.name}:{number}", (role, f"{type_name}.{field}", subject, purpose)
