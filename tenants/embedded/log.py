"""postgres.log: where PostgreSQL's output goes, and the few lines of it that may be repeated."""

import os
from pathlib import Path

_ROTATED_ABOVE = 10_000_000  # bytes
_REPEATED = 64_000  # bytes


class Log:
    """The log of one start; `descriptor` is what PostgreSQL writes to."""

    def __init__(self, folder: Path) -> None:
        """Open it for appending (0600); one above 10 MB becomes postgres.log.1, in place of an older one."""
        self.path = folder / "postgres.log"
        self.descriptor = self._open()
        if os.fstat(self.descriptor).st_size > _ROTATED_ABOVE:
            os.close(self.descriptor)
            self.path.replace(self.path.with_name("postgres.log.1"))
            self.descriptor = self._open()
        self._beginning = os.fstat(self.descriptor).st_size

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def since_opened(self) -> str:
        """What was written since, its last 64 kB."""
        beginning = max(self._beginning, os.fstat(self.descriptor).st_size - _REPEATED)
        return os.pread(self.descriptor, _REPEATED, beginning).decode("utf-8", "replace")

    def close(self) -> None:
        """Give our descriptor back; PostgreSQL keeps its own."""
        os.close(self.descriptor)
