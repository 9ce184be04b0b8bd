"""Identifiers made here."""

import random
import time

from tenants.ids import uuid7


def test_a_uuid_of_version_7_holds_its_millisecond() -> None:
    made = uuid7(1_700_000_000_123)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_700_000_000_123


def test_later_ids_sort_later() -> None:
    assert uuid7(1) < uuid7(2) < uuid7(1_000_000) < uuid7()


def test_the_time_is_now_unless_given() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= uuid7().int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(5) for _ in range(1000)}) == 1000


def test_a_seed_makes_ids_repeatable() -> None:
    first, second = random.Random(1), random.Random(1)
    assert uuid7(5, first.getrandbits) == uuid7(5, second.getrandbits)
