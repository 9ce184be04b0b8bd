"""Looking people up, and what a person changes about themselves."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.change import Change, differences
from domain.people.model import person
from domain.people.relations import is_member
from domain.values.language import language_tag
from domain.values.phone import phone_number
from domain.values.text import plain_text
from domain.values.unfit import UnfitValueError, UnfitValuesError
from tenants.keys.rows import opened_rows, sealed_values
from tenants.session import ReadSession, WriteSession, in_tenant
from tenants.statements import compiled

PROFILE: Mapping[str, Callable[[str], str]] = {
    "title": partial(plain_text, most=200),
    "education": partial(plain_text, most=200),
    "location": partial(plain_text, most=200),
    "language": language_tag,
    "learning_goals": partial(plain_text, most=4000, lines=True),
    "phone": phone_number,
}
"""The columns that people change themselves, each with what brings a value into the form in which it is kept."""

_MEMBER = select(person.c.id).where(in_tenant(person), is_member(person.c.id))
_BY_EMAIL = _MEMBER.where(person.c.email_hash == bindparam("email_hash"))
_BY_ID = _MEMBER.where(person.c.id == bindparam("id"))

_THIS_PERSON = (in_tenant(person), person.c.id == bindparam("person_id", type_=person.c.id.type))
# Locked, so that what is found is what will be overwritten; whoever points at the person need not wait.
_LOCKED_PROFILE = compiled(
    select(person.c.id, *(person.c[name] for name in PROFILE)).where(*_THIS_PERSON).with_for_update(key_share=True)
)
_SET_PROFILE = compiled(
    update(person)
    .where(*_THIS_PERSON)
    .values({name: bindparam(f"new_{name}", type_=person.c[name].type) for name in PROFILE})
)


async def find_member(session: ReadSession, *, email: str | None = None, person_id: UUID | None = None) -> UUID | None:
    """Return the id of the tenant's member with that address (in any case) or that id, or None."""
    if email is not None:
        hashed = await session.keys.hashed(person.c.email_hash, email)
        row = await session.first(_BY_EMAIL, {"email_hash": hashed})
    else:
        row = await session.first(_BY_ID, {"id": person_id})
    return None if row is None else row.id


async def update_profile(session: WriteSession, person_id: UUID, given: Mapping[str, str | None]) -> list[Change]:
    """Give a person the values `given`, by column; return what differs now.

    Values are trimmed, and an empty one is none. What is not in `given` stays. Raises `UnfitValuesError`, and
    `LookupError` when there is no such person.
    """
    wanted = _taken(given)
    found = await session.run(_LOCKED_PROFILE, {"person_id": person_id})
    if not found:
        raise LookupError("There is no such person.")
    stored = {name: found[0][name] for name in PROFILE}
    (before,) = await opened_rows(session, person, found)
    changes = differences(before, {**before, **wanted})
    if changes:
        new = await sealed_values(session, person, person_id, person_id, wanted)
        after = {**stored, **new}
        await session.run(_SET_PROFILE, {"person_id": person_id, **{f"new_{name}": after[name] for name in PROFILE}})
    return changes


def _taken(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the values as they are kept. Raises `UnfitValuesError` with all that cannot be taken."""
    taken: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    for name, value in given.items():
        try:
            taken[name] = PROFILE[name](value.strip()) if value is not None and value.strip() else None
        except UnfitValueError as error:
            problems[name] = str(error)
    if problems:
        raise UnfitValuesError(problems)
    return taken
