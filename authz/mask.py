"""The mask: Casbin's decisions, each asked once and kept, and swapped as a whole when the policy changes."""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from authz.decider import Decider
from authz.loading import Catalogue, Policy, PolicyError, load
from authz.rules import ACTIONS, Rule
from authz.viewer import Purpose, Role, SubjectClass
from authz.vocabulary import spelled

_Cell = tuple[Role, str, SubjectClass, Purpose, str]


class Decision(NamedTuple):
    """Whether something may be done, and the line (`learner.csv:12`) that says so; None where nothing was said."""

    allowed: bool
    rule: str | None


class Mask:
    """What one version of the policy decides. Safe to share between threads; what it once said it always says."""

    tenant = "*"
    """Whose mask it is, as the policy's lines spell it."""

    def __init__(self, policy: Policy) -> None:
        self.version = policy.version
        self.policy = policy
        self._decisions: dict[_Cell, Decision] = {}
        self._deciders: dict[str, Decider] = {}
        self._lock = threading.Lock()

    @property
    def platform(self) -> "Mask":
        """Return the mask of the platform's own policy."""
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Return every `Type.field` that is decided, in the schema's order."""
        return tuple(self.policy.by_field)

    def category(self, field: str) -> str:
        """Return the category of `Type.field`; raise KeyError for a field that is not decided."""
        type_name, _, name = field.partition(".")
        return self.policy.catalogue[type_name][name]

    def purposes(self, role: Role) -> tuple[Purpose, ...]:
        """Return the purposes that a role may name, in the order of Purpose."""
        return self.policy.purposes[role]

    def has_lines_for(self, tenant: UUID) -> bool:
        """Tell whether the policy's own files say something of this one tenant."""
        return str(tenant) in self.policy.by_tenant

    def rules_of(self, field: str) -> Sequence[Rule]:
        """Return the lines that speak of `Type.field`. Raise KeyError for a field that is not decided."""
        return self.policy.by_field[field]

    def signature(self, _roles: Iterable[Role]) -> str:
        """Return what the decisions about these roles rest on: where it is the same, so are they."""
        return self.version

    def decide(
        self, role: Role, field: str, subject: SubjectClass, purpose: Purpose, *, action: str = "read"
    ) -> Decision:
        """Return what the policy says of one cell: `role` toward `field` (`Type.field`) of such a subject.

        Raise KeyError for a field that the schema does not know, ValueError for anything else unknown: a question that
        makes no sense is a fault of the program and must not read as an answer.
        """
        cell = (role, field, subject, purpose, action)
        return self._decisions.get(cell) or self._decide(cell)

    def _decide(self, cell: _Cell) -> Decision:
        role, field, subject, purpose, action = cell
        if field not in self.policy.by_field:
            raise KeyError(f"{field} is not decided by the policy: the schema does not name it")
        if action not in ACTIONS:
            raise ValueError(f"{action} is no action")
        question = (
            spelled(Role(role)),
            self.tenant,
            field,
            action,
            SubjectClass(subject).value,
            Purpose(purpose).value,
        )
        # Casbin's role manager is not made for threads; and one question need not be asked twice at once.
        with self._lock:
            if (known := self._decisions.get(cell)) is not None:
                return known
            if field not in self._deciders:
                self._deciders[field] = Decider(self.policy, self.rules_of(field))
            decision = self._decisions[cell] = Decision(*self._deciders[field].ask(*question))
        return decision


class Masks:
    """Holds the mask in force. Readers take `current` once per request, so that one request knows one policy."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        """Load the policy; raise PolicyError, for without a policy nothing starts."""
        self._folder = folder
        self._catalogue = catalogue
        self._reloading = threading.Lock()
        self.current = Mask(load(folder, catalogue))

    def reload(self, rests: Callable[[], bool] = lambda: True) -> Mask:
        """Load the files anew and put the new mask in force as a whole; return the mask in force.

        `rests` is asked when the files are read: where it says no they changed meanwhile, and nothing comes into force.
        Raise PolicyError, which names the version that stays in force, when the files do not load.
        """
        with self._reloading:
            try:
                policy = load(self._folder, self._catalogue)
            except PolicyError as error:
                raise PolicyError(error.problems, kept=self.current.version) from None
            if policy.version != self.current.version and rests():
                self.current = Mask(policy)
            return self.current
