"""Naming a person at the command line: an email address, a UUID or a global id."""

from uuid import UUID

from api.commands.terminal import CommandError
from api.ids import MalformedIdError, decode_id


def id_of_person(text: str, option: str) -> UUID | None:
    """Return the id in `text`, None for an email address. Raises `CommandError` for what is neither."""
    if "@" in text:
        return None
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return decode_id(text)[1]
    except MalformedIdError:
        raise CommandError(f"{option} is an email address, a UUID or a global id.") from None
