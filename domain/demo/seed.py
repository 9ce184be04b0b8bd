"""What makes the demo the same on every machine: chance and ids as functions of a topic, days relative to one day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Self
from uuid import UUID

from tenants.ids import uuid7

Row = dict[str, Any]
"""A row by its columns, without the tenant."""

_EPOCH_MILLISECONDS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: only part of the ids, never shown as a time.


def chance(*topic: object) -> Random:
    """Return the stream of random numbers of `topic`: the same on every machine, Python and day."""
    return Random(" ".join(map(str, topic)))  # noqa: S311 - repeatable on purpose, and nothing secret comes from it


def fixed_id(*topic: object, at: int = 0) -> UUID:
    """Return the id of `topic`, a UUID version 7; within one topic ids are in the order of `at` (0 to 2**32)."""
    return uuid7(_EPOCH_MILLISECONDS + at, chance("id", *topic, at).getrandbits)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates and instants (UTC) counted back from the day on which the demo is made."""

    today: date

    @classmethod
    def starting_now(cls) -> Self:
        """Return the calendar of today (UTC)."""
        return cls(datetime.now(UTC).date())

    def day(self, ago: int) -> date:
        """Return the day `ago` days before today; a negative number lies ahead."""
        return self.today - timedelta(days=ago)

    def moment(self, ago: int, random: Random) -> datetime:
        """Return an instant between 7:00 and 22:00 of the day `ago` days before today."""
        second = random.randrange(7 * 3600, 22 * 3600)
        return datetime.combine(self.day(ago), time(0), UTC) + timedelta(seconds=second)

    def birth_date(self, age: int, random: Random) -> date:
        """Return the birth date of somebody who is `age` today and turned it at most 300 days ago."""
        birthday = self.day(random.randrange(300))
        # A birthday on 29 February becomes the 28th: it exists in every year, and the age stays the same.
        return birthday.replace(
            year=birthday.year - age, day=min(birthday.day, 28) if birthday.month == 2 else birthday.day
        )


def age_on(today: date, birth_date: date) -> int:
    """Return the completed years from `birth_date` to `today`."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
