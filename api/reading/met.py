"""How a viewer meets one object, for whoever has to decide about more than reading it."""

from typing import NamedTuple
from uuid import UUID


class Met(NamedTuple):
    """An object that exists for the viewer."""

    kind: str
    key: UUID
    situation: int
    """The capacities held toward it and what its subject is; see `api.reading.standing`."""
    subject: UUID | None
    """Whom it describes."""
