"""The rows of the demo's people, of their membership and of their granted roles."""

from collections.abc import Iterator
from datetime import date
from random import Random

from domain.demo import words
from domain.demo.kinds import LEFT, RESTRICTED, ROLES, TWIN, Kind, Who, everybody
from domain.demo.names import Identity, Names
from domain.demo.seed import Calendar, Row, chance

_PRIVATE_ADDRESS = {Kind.LEARNER, Kind.GUARDIAN, Kind.INVITED}
_PUBLISHED = {"picture_url", "title"}
_GAPS = (
    "picture_url",
    "phone",
    "title",
    "education",
    "location",
    "language",
    "learning_goals",
    "gender",
    "age_band",
    "region",
    "disability",
    "deprivation_band",
    "last_seen_at",
    "last_ip",
    "last_device",
)
"""The columns that are empty for some."""


def draw_people(slug: str, names: Names, calendar: Calendar, same_address_as: str | None = None) -> Iterator[Row]:
    """Yield the rows of `person` of a whole tenant, no address twice.

    One of them has the address of the cast's learner of the tenant `same_address_as`.
    """
    twin = _address(same_address_as, Who(Kind.LEARNER), names) if same_address_as else None
    taken = {twin}
    for who in everybody():
        address = twin if twin and who == TWIN else _free(_address(slug, who, names), taken)
        taken.add(address)
        yield draw_person(slug, who, names, calendar, address)


def draw_person(slug: str, who: Who, names: Names, calendar: Calendar, email: str | None = None) -> Row:
    """Return the row of `who`: complete for the cast, with gaps for others. `email` follows the name when left out."""
    address = email or _address(slug, who, names)
    if who.kind is Kind.INVITED:
        return _only_invited(slug, who, calendar, address)
    random = chance(slug, *who, "facts")
    row = {**_complete(slug, who, _identity(slug, who, names), calendar, random), "email": address}
    return row if who.is_cast else {**row, **_gaps(who, random)}


def membership_of(slug: str, who: Who, calendar: Calendar) -> Row:
    """Return the row of `membership`."""
    random = chance(slug, *who, "membership")
    joined = calendar.moment(random.randint(*((20, 60) if who.kind is Kind.INVITED else (700, 900))), random)
    left = calendar.moment(random.randint(10, 100), random) if who in LEFT else None
    return {"person_id": who.id(slug), "joined_at": joined, "left_at": left}


def grant_of(slug: str, who: Who, calendar: Calendar) -> Row:
    """Return the row of `role_grant` of somebody whose kind has a granted role: since they joined."""
    granted = membership_of(slug, who, calendar)["joined_at"]
    return {"person_id": who.id(slug), "role": ROLES[who.kind], "granted_at": granted, "granted_by": None}


def _identity(slug: str, who: Who, names: Names) -> Identity:
    return names.draw(chance(slug, *who, "identity"))


def _address(slug: str, who: Who, names: Names) -> str:
    domain = "mail.example" if who.kind in _PRIVATE_ADDRESS else f"{slug}.example"
    return f"{_identity(slug, who, names).mailbox}@{domain}"


def _free(address: str, taken: set[str | None]) -> str:
    mailbox, _, domain = address.partition("@")
    others = (f"{mailbox}{number}@{domain}" for number in range(2, 1000))
    return address if address not in taken else next(other for other in others if other not in taken)


def _gaps(who: Who, random: Random) -> Row:
    kept = _PUBLISHED if who.kind is Kind.INSTRUCTOR else set()
    missing = [column for column in _GAPS if random.random() < 0.1 and column not in kept]
    without_address = who.kind is Kind.MINOR and random.random() < 0.1
    return dict.fromkeys([*missing, "email"] if without_address else missing)


def _complete(slug: str, who: Who, identity: Identity, calendar: Calendar, random: Random) -> Row:
    age = random.randint(*words.AGES[who.kind])
    decile = random.randrange(10)
    return {
        "id": who.id(slug),
        "name": identity.name,
        "picture_url": f"https://pictures.{slug}.example/{who.id(slug)}.jpg",
        # Numbers that Ofcom keeps free for films and books.
        "phone": f"+44 7700 900{random.randrange(1000):03}",
        "title": random.choice(words.TITLES[who.kind]),
        "education": random.choice(words.SCHOOLING if who.kind is Kind.MINOR else words.EDUCATION),
        "location": identity.location,
        "language": identity.language,
        "learning_goals": random.choice(words.GOALS),
        "gender": "non-binary" if random.random() < 0.04 else identity.gender,
        "age_band": next(band for below, band in words.AGE_BANDS if age < below),
        "region": random.choice(words.REGIONS),
        "disability": random.random() < 0.1,
        "deprivation_band": f"{decile * 10}-{decile * 10 + 10}%",
        "last_seen_at": calendar.moment(random.randint(1, 9), random),
        "last_ip": _documentation_address(random),
        "last_device": random.choice(words.DEVICES),
        **_standing(calendar.birth_date(age, random), who, minor=age < 18),
        "created_at": calendar.moment(random.randint(900, 950), random),
    }


def _only_invited(slug: str, who: Who, calendar: Calendar, address: str) -> Row:
    """Return the row of somebody of whom nothing is known but the address that an invitation went to."""
    created = membership_of(slug, who, calendar)["joined_at"]
    unknown = dict.fromkeys(("name", *_GAPS))
    return {"id": who.id(slug), "email": address, "created_at": created, **unknown, **_standing(None, who, minor=True)}


def _standing(birth_date: date | None, who: Who, *, minor: bool) -> Row:
    return {"birth_date": birth_date, "minor": minor, "restricted": who in RESTRICTED}


def _documentation_address(random: Random) -> str:
    """Return an address that is nobody's: RFC 5737 for IPv4, RFC 3849 for IPv6."""
    if random.random() < 0.3:
        return f"2001:db8::{random.randrange(1, 0x10000):x}"
    return f"192.0.2.{random.randrange(1, 255)}"
