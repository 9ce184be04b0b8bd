"""Language tags."""

import re

from domain.values.unfit import UnfitValueError

_MOST = 35
_TAG = re.compile(
    r"([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})"  # language
    r"(-[a-z]{4})?"  # script
    r"(-([a-z]{2}|[0-9]{3}))?"  # region
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*"  # extensions
    r"(-x(-[a-z0-9]{1,8})+)?",  # private use
    re.ASCII,
)


def language_tag(text: str) -> str:
    """Return a language tag in its usual spelling (RFC 5646, section 2.1.1): `zh-Hant-TW`. Raises `UnfitValueError`.

    It has the form of a tag (RFC 5646, section 2.1, `langtag`); whether the language exists is not looked up.
    """
    subtags = text.lower().split("-")
    if len(text) > _MOST or not text.isascii() or not _TAG.fullmatch(text.lower()):
        raise UnfitValueError("It is not a language tag of BCP 47, such as en, pt-BR or zh-Hant.")
    # What stands behind a single letter or digit is an extension's own, and small.
    own = next((place for place, subtag in enumerate(subtags) if len(subtag) == 1), len(subtags))
    return "-".join([subtags[0], *map(_spelled, subtags[1:own]), *subtags[own:]])


def _spelled(subtag: str) -> str:
    return {2: subtag.upper(), 4: subtag.title()}.get(len(subtag), subtag)
