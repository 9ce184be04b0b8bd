"""Email addresses: the form in which they are compared."""

import unicodedata

import idna


def searched_form(address: str) -> str:
    """Return what is the same of addresses that are the same: of any case, composed or not, a domain as it is sent.

    Unicode is composed and folded (NFKC, Unicode Standard 3.13), the domain is an A-label (UTS 46, RFC 5891). One that
    is no domain is left as it was folded, so that every text has a form.
    """
    local, at, domain = _folded(address.strip()).rpartition("@")
    return f"{local}{at}{_sent(domain)}"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _sent(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return domain
