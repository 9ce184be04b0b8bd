"""An embedded database for a measurement, under a folder that is removed afterwards unless it is asked for by name."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.commands.store import Store, open_store
from api.settings import Environment


@contextmanager
def development_store(folder: Path | None) -> Iterator[Store]:
    """Give the database in `folder`, a new one that goes away afterwards when that is None.

    Whatever the environment says: tokens that last longer than ten minutes are for development.
    """
    with scratch() as place, open_store(folder or place / "data") as opened:
        yield Store(opened.settings.model_copy(update={"environment": Environment.DEVELOPMENT}), opened.superuser_url)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is removed afterwards; PostgreSQL's own user has to enter it when root starts this."""
    with tempfile.TemporaryDirectory(prefix="sextrontgen-benchmark-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder
