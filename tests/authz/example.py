"""What the tests of the policy share: the contract's catalogue, copies of the policy to spoil, the cells of a mask."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from authz.loading import POLICY_FOLDER, PolicyError, load
from authz.mask import Mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.matrix import Cell

_FIELDS = {
    "Learner": {
        "IDENTIFIER": "id",
        "IDENTITY": "name pictureUrl",
        "CONTACT": "email phone",
        "PROFILE": "title education location language learningGoals",
        "DEMOGRAPHIC": "gender ageBand region disability deprivationBand",
        "GUARDIANSHIP": "minor guardians",
        "TECHNICAL": "lastSeenAt lastIp lastDevice",
        "LEARNING": "enrollments",
        "ACCESS": "accessLog",
    },
    "Instructor": {"IDENTIFIER": "id", "IDENTITY": "name pictureUrl", "PROFILE": "title"},
    "Enrollment": {
        "IDENTIFIER": "learner",
        "LEARNING": "id status enrolledAt completedAt withdrawnAt progress finalResult previousAttempts studiedCredits "
        "averageScore watchSeconds results",
        "BEHAVIOUR": "lastActivityAt",
    },
    "AssessmentResult": {"LEARNING": "id enrollment submittedOn banked score"},
    "Seat": {
        "IDENTIFIER": "id learner",
        "SEAT": "status assignedAt acceptedAt revokedAt",
        "CONTACT": "email",
        "BEHAVIOUR": "lastUsedAt",
    },
    "SeatPool": {"SEAT": "id"},
    "Tenant": {"SEAT": "seatPools"},
    "AccessEvent": {"ACCESS": "id actor subjects", "TECHNICAL": "ip"},
    "Actor": {"ACCESS": "id name"},
    "Mutation": {"PROFILE": "updateProfile", "LEARNING": "enroll withdraw", "ACCESS": "addTenantRule removeTenantRule"},
}

CATALOGUE = {
    type_name: {field: category for category, fields in categories.items() for field in fields.split()}
    for type_name, categories in _FIELDS.items()
}
"""The contract's categories: type -> field -> category."""


def cells(mask: Mask, fields: Iterable[str] | None = None, action: str = "read") -> set[Cell]:
    """Return every cell that is allowed, of every role, class and purpose there is, of all fields or some."""
    return {
        (role, field, subject, purpose)
        for role in Role
        for field in (mask.fields if fields is None else fields)
        for subject in SubjectClass
        for purpose in Purpose
        if mask.decide(role, field, subject, purpose, action=action).allowed
    }


def copy_of_the_policy(folder: Path) -> Path:
    """Return a copy of the packaged policy that a test may spoil."""
    return Path(shutil.copytree(POLICY_FOLDER, folder / "policy"))


def appended(folder: Path, name: str, line: str) -> str:
    """Add a line to a file of a copy and return the line's place."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{line}\n", encoding="utf-8")
    return f"{name}:{text.count(chr(10)) + 1}"


def replaced(folder: Path, name: str, old: str, new: str) -> str:
    """Replace the first `old` in a file of a copy and return the place of its line."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition(old)
    assert found, f"{old!r} is not in {name}"
    path.write_text(f"{before}{new}{after}", encoding="utf-8")
    return f"{name}:{before.count(chr(10)) + 1}"


def problems(folder: Path) -> list[str]:
    """Load a copy and return what is wrong with it."""
    try:
        load(folder, CATALOGUE)
    except PolicyError as error:
        return error.problems
    return []
