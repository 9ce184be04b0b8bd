"""What an answer released and denied while it was put together, and the errors and the record that follow from it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.oracle.judge import PRECEDENCE, Denied
from tests.oracle.lines import common, one_of
from tests.oracle.row import Row

Path = tuple[str | int, ...]


class BadInputError(Exception):
    """An argument that cannot be used, at the path of its field: that field is null, or its nearest nullable parent."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"an argument at {path} cannot be used")
        self.path = path


@dataclass(frozen=True, slots=True)
class Asked:
    """That a guarded field was selected in a row."""

    field: str
    path: Path
    row: Row
    subject: UUID | None
    personal: bool
    denied: Denied | None


@dataclass(frozen=True, slots=True)
class Used:
    """That a list was filtered or ordered by a cell of a row on its page."""

    field: str
    subject: UUID


@dataclass(frozen=True, slots=True)
class Expected:
    """What the server has to answer and to record."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    disclosures: set[tuple[str, UUID]]
    denials: set[tuple[str, str, UUID]]
    """The fields denied, each with the real reason."""
    told: set[tuple[str, str, UUID]]
    """The same with the reason that was told."""

    @property
    def recorded(self) -> bool:
        """Whether there has to be an event."""
        return bool(self.disclosures or self.denials)

    @property
    def denied(self) -> bool:
        """Whether the answer denies something, to anybody or about nobody."""
        return any(error["extensions"]["code"] == "FIELD_FORBIDDEN" for error in self.errors)

    @property
    def subject_count(self) -> int:
        """How many people the event is about."""
        return len({subject for _, subject in self.disclosures} | {subject for _, _, subject in self.denials})


@dataclass(slots=True)
class Ledger:
    """Entries in the order of the answer. What becomes null is taken back."""

    entries: list[Asked | Used | Path] = field(default_factory=list)
    data: Any = None

    def mark(self) -> int:
        """Return the place to go back to."""
        return len(self.entries)

    def refuse(self, mark: int, path: Path) -> None:
        """Take back all since `mark`, and note an argument at `path` that cannot be used."""
        del self.entries[mark:]
        self.entries.append(path)

    def expect(self, data: dict[str, Any] | None) -> Expected:
        """Return what the entries amount to."""
        self.data = data
        asked = [entry for entry in self.entries if isinstance(entry, Asked)]
        used = {(entry.field, entry.subject) for entry in self.entries if isinstance(entry, Used)}
        about = [(entry, entry.subject) for entry in asked if entry.personal and entry.subject is not None]
        released = {(entry.field, subject) for entry, subject in about if entry.denied is None}
        denied = [(entry.field, entry.denied, subject) for entry, subject in about if entry.denied is not None]
        denials = {(field, why.real, subject) for field, why, subject in denied}
        told = {(field, why.told, subject) for field, why, subject in denied}
        return Expected(data, self._errors(asked), released | used, denials, told)

    def _errors(self, asked: list[Asked]) -> list[dict[str, Any]]:
        groups: dict[tuple[str, str], list[Asked]] = {}
        for entry in asked:
            groups.setdefault((entry.field, pattern(entry.path)), []).append(entry)
        errors: list[dict[str, Any]] = []
        told: set[tuple[str, str]] = set()
        for each in self.entries:
            if isinstance(each, tuple):
                errors.append({"path": list(each), "extensions": {"code": "BAD_USER_INPUT"}})
            elif isinstance(each, Asked) and each.denied is not None:
                key = (each.field, pattern(each.path))
                if key not in told:
                    told.add(key)
                    errors.append(_forbidden(each, groups[key]))
        return sorted(errors, key=lambda error: self._place(error["path"]))

    def _place(self, path: list[str | int]) -> list[int]:
        """Return where `path` lies in the answer, depth first."""
        place, here = [], self.data
        for step in path:
            if isinstance(here, dict):
                place.append(list(here).index(str(step)) if step in here else len(here))
                here = here.get(str(step))
            else:
                place.append(int(step) if isinstance(step, int) else 0)
                here = here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None
        return place


def pattern(path: Path) -> str:
    """Return a path with "@" for every position in a list."""
    return ".".join("@" if isinstance(step, int) else step for step in path)


def _forbidden(first: Asked, group: list[Asked]) -> dict[str, Any]:
    # What is denied at several places counts with the reason of the first.
    denied = {entry.row.identity: entry.denied for entry in reversed(group) if entry.denied is not None}
    reasons = Counter(each.told for each in denied.values())
    extensions = {
        "code": "FIELD_FORBIDDEN",
        "pattern": pattern(first.path),
        "field": first.field,
        "reason": min(reasons, key=PRECEDENCE.index),
        "reasons": dict(reasons),
        "rule": one_of(common(each.lines for each in denied.values())),
        "denied": sum(reasons.values()),
        "of": len({entry.row.identity for entry in group}),
    }
    return {"message": f"{first.field} may not be read here.", "path": list(first.path), "extensions": extensions}
