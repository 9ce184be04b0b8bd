"""Changed policy files, noticed and taken over: looked at from time to time, and loaded once they rest."""

from collections import Counter
from enum import StrEnum
from pathlib import Path

from authz.loading import Catalogue, PolicyError
from authz.mask import Masks

_SUFFIXES = frozenset({".csv", ".conf"})

State = tuple[tuple[object, ...], ...]


class Outcome(StrEnum):
    """What came of a reload."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Reloader:
    """The masks of one folder, kept as the folder is.

    A state of the folder is loaded when two looks in a row found it, and comes into force only if it is still the same
    after it was read: a file that is half written is never in force. What does not load leaves the old policy there.
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        """Load the policy; raise PolicyError, for without a policy nothing starts."""
        self._folder = folder
        # Before loading: what changes in between is then a new state.
        self._seen = self._dealt_with = state_of(folder)
        self.masks = Masks(folder, catalogue)
        self.problems: tuple[str, ...] = ()
        self.outcomes: Counter[Outcome] = Counter()

    @property
    def version(self) -> str:
        """Return the version of the policy in force."""
        return self.masks.current.version

    def look(self) -> Outcome | None:
        """Look at the folder and load it if that is due; return what came of it, None where nothing was due.

        It reads files: call it in a thread, and from one at a time. After Outcome.FAILED `problems` has a sentence for
        each problem, until a reload succeeds. A fault of the program is such a failure too, and is raised.
        """
        state = state_of(self._folder)
        rests = state == self._seen
        self._seen = state
        if not rests or state == self._dealt_with:
            return None
        try:
            outcome = self._reload(state)
        except Exception:
            self.problems = ("the files cannot be loaded, by a fault of this program: the log says where",)
            self._deal_with(state, Outcome.FAILED)
            raise
        if outcome is not None:
            self._deal_with(state, outcome)
        return outcome

    def _deal_with(self, state: State, outcome: Outcome) -> None:
        self._dealt_with = state
        self.outcomes[outcome] += 1

    def _reload(self, state: State) -> Outcome | None:
        before = self.masks.current

        def rests() -> bool:
            return state_of(self._folder) == state

        try:
            after = self.masks.reload(rests)
        except PolicyError as error:
            if not rests():
                return None
            self.problems = tuple(error.problems)
            return Outcome.FAILED
        if after is before and not rests():
            return None
        self.problems = ()
        return Outcome.UNCHANGED if after is before else Outcome.CHANGED


def state_of(folder: Path) -> State:
    """Return what tells one state of the folder's policy files from another, without reading them.

    Beside name, size and time of modification that is each file's inode and time of change: a copy that keeps the old
    file's time differs in these. A folder or a file that cannot be looked at is a state too.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES)
    except OSError as error:
        return (("", error.errno),)
    return tuple((path.name, *_of_file(path)) for path in paths)


def _of_file(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno,)
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
