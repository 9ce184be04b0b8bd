"""Reading checkpoints that were kept in a folder (`authz.audit.seal.store`)."""

import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NAME = re.compile(r"(\d{16})\.txt")
_MOST_BYTES = 16 * 1024


class Kept(NamedTuple):
    """A checkpoint where it was found."""

    where: str
    size: int
    """As the place says; the note says it too."""
    note: str


def checkpoints_in(folder: Path, tenant_id: UUID) -> Iterator[Kept]:
    """Yield a tenant's checkpoints in `folder`, the smallest first as far as days and names go."""
    of_tenant = folder / str(tenant_id)
    days = sorted(path for path in of_tenant.iterdir() if _DAY.fullmatch(path.name)) if of_tenant.is_dir() else []
    for day in days:
        named = ((path, _NAME.fullmatch(path.name)) for path in day.iterdir())
        for path, name in sorted(((path, name) for path, name in named if name is not None), key=itemgetter(0)):
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES)
            yield Kept(str(path.relative_to(folder)), int(name[1]), content.decode("utf-8", "replace"))
