"""Who people are called and where they live, drawn by mimesis in several languages."""

import re
import unicodedata
from dataclasses import dataclass
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mimesis import Address, Person

# Languages written in Latin letters, by mimesis's name: the country in English, and the language's tag (BCP 47).
_LOCALES = {
    "en-gb": ("United Kingdom", "en-GB"),
    "de": ("Germany", "de"),
    "fr": ("France", "fr"),
    "es-mx": ("Mexico", "es-MX"),
    "it": ("Italy", "it"),
    "pt-br": ("Brazil", "pt-BR"),
    "nl": ("Netherlands", "nl"),
    "sv": ("Sweden", "sv"),
    "fi": ("Finland", "fi"),
    "pl": ("Poland", "pl"),
    "tr": ("Türkiye", "tr"),
    "hr": ("Croatia", "hr"),
}
# Letters that Unicode does not decompose into a base letter and an accent.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ß": "ss", "æ": "ae", "œ": "oe"}
)


class DemoUnavailableError(Exception):
    """The demo's data cannot be made here; the message names the way out."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person is called and where they live."""

    given: str
    family: str
    gender: str
    """`female` or `male`: which list the given name came from."""
    location: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def mailbox(self) -> str:
        """The part of an address before the @, in lower-case ASCII letters and one dot."""
        return f"{_letters(self.given)}.{_letters(self.family)}"


class Names:
    """Draws identities. Making it reads the lists of every language once."""

    def __init__(self) -> None:
        """Raises `DemoUnavailableError` where mimesis, of the extra `embedded`, is not installed."""
        try:
            # Here and not above: an installation that serves no demo has no mimesis, and pays for none.
            mimesis = import_module("mimesis")
        except ModuleNotFoundError as error:
            raise DemoUnavailableError(
                "The demo's people are drawn by mimesis, which is not installed: "
                "install the extra `embedded` (pip install 'sextrontgen[embedded]')."
            ) from error
        self._people: dict[str, Person] = {locale: mimesis.Person(locale) for locale in _LOCALES}
        self._places: dict[str, Address] = {locale: mimesis.Address(locale) for locale in _LOCALES}
        self._genders = {"female": mimesis.Gender.FEMALE, "male": mimesis.Gender.MALE}

    def draw(self, random: Random) -> Identity:
        """Return an identity that depends on the state of `random` alone."""
        locale = random.choice(list(_LOCALES))
        gender = random.choice(list(self._genders))
        person, place = self._people[locale], self._places[locale]
        person.reseed(random.getrandbits(64))
        place.reseed(random.getrandbits(64))
        country, language = _LOCALES[locale]
        return Identity(
            given=person.name(gender=self._genders[gender]),
            family=person.surname(gender=self._genders[gender]),
            gender=gender,
            location=f"{place.city().strip()}, {country}",
            language=language,
        )


def _letters(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return re.sub(r"[^a-z]", "", decomposed)
