"""Identifiers: UUID version 7, made here and not in the database, and the type of a tenant id that may be trusted."""

import secrets
import time
from collections.abc import Callable
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
"""A tenant's id that came from a verified token or from the directory, never from an argument or a header."""

_RANDOM_BITS = 74


def uuid7(milliseconds: int | None = None, random_bits: Callable[[int], int] = secrets.randbits) -> UUID:
    """Return a UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix time in milliseconds, then 74 random bits.

    `milliseconds` is now (UTC) when left out. `random_bits` takes a number of bits; a seeded one makes ids repeatable.
    """
    instant = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    noise = random_bits(_RANDOM_BITS)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return UUID(int=(instant & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
