"""Looking at the policy: the compiled table, its problems, and why a decision is what it is."""

import sys

from rich.console import Console

from api.commands.terminal import CommandError
from api.reading.declare import entities_of
from api.schema.build import build_schema, catalogue
from authz import explain
from authz.loading import POLICY_FOLDER, Catalogue, PolicyError, load
from authz.mask import Mask
from authz.viewer import Role


def matrix(*, as_lines: bool) -> None:
    """Print who may read what: a table per type, or a line per cell for other programs."""
    cells = explain.matrix(_mask())
    if as_lines:
        for line in explain.plain(cells):
            sys.stdout.write(f"{line}\n")
        return
    # Roles stand side by side: a pipe has no width of its own, and 80 columns cut their names.
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in explain.tables(cells):
        console.print(table)


def check() -> str:
    """Return what was checked. Raises `CommandError` with a line per problem of the policy's files."""
    try:
        found = explain.check(POLICY_FOLDER, _catalogue())
    except PolicyError as error:
        raise CommandError(*error.problems) from None
    return (
        f"The policy of version {found.version} is sound: {found.lines} lines, {found.rules} rules, "
        f"{found.cells} cells of which {found.readable} may be read."
    )


def why(role: str, field: str) -> list[str]:
    """Return why `role` may or may not read `field`, for each kind of subject and each purpose of the role."""
    mask = _mask()
    try:
        asked = Role(role.upper())
    except ValueError:
        raise CommandError(f"{role!r} is no role; the roles are {', '.join(one.lower() for one in Role)}.") from None
    if field not in mask.fields:
        raise CommandError(
            f"{field!r} is not decided by the policy: name a field as Type.field, such as Learner.email."
        )
    return [
        line
        for cell in explain.matrix(mask, roles=[asked], fields=[field])
        for line in (*explain.lines(explain.explain(mask, asked, field, cell.subject, cell.purpose)), "")
    ]


def _catalogue() -> Catalogue:
    return catalogue(entities_of(build_schema()))


def _mask() -> Mask:
    try:
        return Mask(load(POLICY_FOLDER, _catalogue()))
    except PolicyError as error:
        raise CommandError(*error.problems) from None
