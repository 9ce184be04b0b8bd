"""A tenant's own rules, as its rows say them: what they deny, and what they lift of the little that can be granted.

A rule that was removed says nothing any more. One that denies is about everybody where it names no kind of person. One
that allows lifts a cell which can be granted at all and which the newest agreement grants, for adults and minors.
"""

from collections.abc import Iterable

from tests.oracle.policy import Cell, category_in
from tests.oracle.row import Facts
from tests.oracle.rules import is_grantable

Names = tuple[str, ...]
"""Of rules, the oldest first, as decisions name them."""


class TenantRules:
    """The rules in force in one tenant."""

    def __init__(self, rules: Iterable[Facts], agreements: Iterable[Facts], grants: Iterable[Facts]) -> None:
        """Take the rows of `tenant_rule`, `agreement` and `agreement_grant`."""
        self.in_force = sorted(
            (rule for rule in rules if rule["removed_at"] is None), key=lambda rule: int(rule["version"])
        )
        newest = max((agreed["version"] for agreed in agreements), default=None)
        self._granted = {(grant["role"], grant["object"]) for grant in grants if grant["version"] == newest}
        self._known: dict[tuple[bool, Cell], Names] = {}

    def denying(self, cell: Cell) -> Names:
        """Return the rules that keep the cell from being read, written, called."""
        return self._speaking(cell, allow=False)

    def lifting(self, cell: Cell) -> Names:
        """Return the rules that let the cell be read."""
        return self._speaking(cell, allow=True)

    def told(self) -> list[str]:
        """Return the rules in force in words."""
        return [
            f"{_name(rule)}: {'allow' if rule['allow'] else 'deny'} {rule['role']} {rule['object']} "
            f"of {rule['subject'] or 'everybody'}"
            for rule in self.in_force
        ] + [f"granted: {role} {object_}" for role, object_ in sorted(self._granted)]

    def _speaking(self, cell: Cell, *, allow: bool) -> Names:
        key = (allow, cell)
        if key not in self._known:
            may_be = not allow or self._is_granted(cell)
            found = (rule for rule in self.in_force if rule["allow"] is allow and _is_about(rule, cell))
            self._known[key] = tuple(_name(rule) for rule in found) if may_be else ()
        return self._known[key]

    def _is_granted(self, cell: Cell) -> bool:
        granted = any(role == cell.role and _holds(object_, cell) for role, object_ in self._granted)
        return granted and is_grantable(cell.role, cell.kind, cell.field, cell.subject_class)


def _is_about(rule: Facts, cell: Cell) -> bool:
    return rule["role"] == cell.role and rule["subject"] in (None, cell.subject_class) and _holds(rule["object"], cell)


def _holds(object_: str, cell: Cell) -> bool:
    """Return whether `Type.field` or `Type#CATEGORY` is, or holds, the cell's field."""
    return object_ in (f"{cell.kind}.{cell.field}", f"{cell.kind}#{category_in(cell.kind, cell.field)}")


def _name(rule: Facts) -> str:
    return f"tenant:{rule['id']}"
