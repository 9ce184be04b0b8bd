"""Other values in hidden cells: another row's, none for one, one for none, the ends of what is possible.

Flags and relations too, as far as they decide nothing that the viewer may know: each such change is kept only if what
they see is the same.
"""

from collections import defaultdict
from datetime import timedelta

from tests.noninterference.hidden import Hidden
from tests.noninterference.rewritten_rows import new
from tests.noninterference.tables import UNIQUE, Row
from tests.noninterference.values import NOON, value

_SAME_KIND = {"INVITED": "ACTIVE", "ACTIVE": "INVITED", "REVOKED": "EXPIRED", "EXPIRED": "REVOKED"}
"""A state of a seat that is as much held as the other."""
_LONG_AGO, _LONG_AFTER = NOON - timedelta(days=3_000), NOON + timedelta(days=30_000)


def rewrite_values(hidden: Hidden) -> None:
    """Give a share of the hidden cells, often all of them, other values."""
    share, extreme = hidden.rng.choice((0.5, 1.0, 1.0)), hidden.rng.choice((0.0, 0.1, 0.7))
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for table, row, name in hidden.cells():
        if hidden.rng.random() < share:
            rows[table, name].append(row)
    for (table, name), found in rows.items():
        if name in UNIQUE.get(table, ()):
            _exchange(hidden, table, name, found)
        else:
            for row in found:
                _give(hidden, table, name, row, extreme)
    _change_seats(hidden)


def _give(hidden: Hidden, table: str, name: str, row: Row, extreme: float) -> None:
    if hidden.rng.random() < 0.4:
        # So that what is there changes places: filters and orders meet the values of others.
        row[name] = hidden.rng.choice(hidden.tables[table])[name]
    else:
        row[name] = value(table, name, hidden.rng, extreme=extreme)


def _exchange(hidden: Hidden, table: str, name: str, rows: list[Row]) -> None:
    """Let values change places that no two rows may share; some become new ones."""
    values = [row[name] for row in rows]
    hidden.rng.shuffle(values)
    for row, given in zip(rows, values, strict=True):
        row[name] = given if hidden.rng.random() < 0.6 else value(table, name, hidden.rng)


def _change_seats(hidden: Hidden) -> None:
    for row in hidden.tables["seat"]:
        if ("seat", (row["id"],), "status") not in hidden.sight.cells and hidden.rng.random() < 0.5:
            row["status"] = _SAME_KIND[row["status"]]


def change_flags(hidden: Hidden) -> None:
    """Let somebody be a minor who was none, or the other way round; the same for who is restricted."""
    others = [row for row in hidden.tables["person"] if row["id"] != hidden.viewer_id]
    for row in hidden.rng.sample(others, min(2, len(others))):
        flag = hidden.rng.choice(("minor", "minor", "restricted"))
        row[flag] = not row[flag]


def change_flags_of_the_unseen(hidden: Hidden) -> None:
    """Change the flags of people who do not exist for the viewer."""
    for row in hidden.some(hidden.people()):
        row |= {"minor": hidden.rng.random() < 0.5, "restricted": hidden.rng.random() < 0.3}


def change_guardianships(hidden: Hidden) -> None:
    """End guardianships that the viewer is no part of, confirm others, and add some."""
    tables, rng = hidden.tables, hidden.rng
    for row in hidden.some([row for row in tables["guardianship"] if not _is_part(hidden, row)], 0.3):
        row["confirmed_at"] = rng.choice((None, NOON))
        # One that is over stays so: of those in force, there is one for two people.
        row["withdrawn_at"] = row["withdrawn_at"] or rng.choice((None, NOON))
    pairs = {(row["guardian_id"], row["ward_id"]) for row in tables["guardianship"]}
    unseen = [row["id"] for row in hidden.people()]
    for _ in range(3 if len(unseen) > 1 else 0):
        guardian, ward = rng.sample(unseen, 2)
        if (guardian, ward) not in pairs:
            pairs.add((guardian, ward))
            new(hidden, "guardianship", guardian_id=guardian, ward_id=ward, confirmed_at=NOON, withdrawn_at=None)


def change_memberships(hidden: Hidden) -> None:
    """Let people leave or come back who do not exist for the viewer; let others leave, or have left, some days off."""
    unseen = {row["id"] for row in hidden.people()}
    for row in hidden.tables["membership"]:
        if row["person_id"] in unseen:
            row["left_at"] = hidden.rng.choice((None, _LONG_AGO, _LONG_AFTER))
        elif row["person_id"] != hidden.viewer_id and row["left_at"] is not None:
            row["left_at"] += timedelta(days=hidden.rng.randint(-10, 10))


def _is_part(hidden: Hidden, row: Row) -> bool:
    return hidden.viewer_id in (row["guardian_id"], row["ward_id"])
