"""Looking at the policy: the compiled table, its problems, why a decision is what it is, what a change changes."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from api.commands.store import read_settings
from api.commands.terminal import CommandError, say
from api.reading.declare import entities_of
from api.schema.build import build_schema, catalogue
from authz import explain, heatmap
from authz.diff_lines import Report
from authz.fitting import fitted, left_out
from authz.loading import Catalogue, Policy, PolicyError, load
from authz.mask import Mask
from authz.viewer import Role


def matrix(*, as_lines: bool) -> None:
    """Print who may read what: a table per type, or a line per cell for other programs."""
    cells = explain.matrix(_mask())
    if as_lines:
        _write(explain.plain(cells))
        return
    # Roles stand side by side: a pipe has no width of its own, and 80 columns cut their names.
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in explain.tables(cells):
        console.print(table)


def heat_map(file: Path | None) -> None:
    """Write the table as one HTML page, to `file` or to standard output. Raises `CommandError`."""
    page = heatmap.page(_mask())
    if file is None:
        sys.stdout.write(page)
        return
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}.") from None


def check() -> str:
    """Return what was checked. Raises `CommandError` with a line per problem of the policy's files."""
    try:
        found = explain.check(read_settings().policy, _catalogue())
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


def diff(old: Path, new: Path, *, as_lines: bool, with_lines: bool) -> int:
    """Print what differs between two folders; return 1 when something does, else 0. Raises `CommandError` (2)."""
    today = _catalogue()
    part = fitted(old, today)
    before, after = _both((old, part), (new, today))
    for nothing_of in left_out(part, today):
        say(f"{old} says nothing of {nothing_of}, which the schema has: it counts as not allowed there.")
    report = Report(before, after, with_lines=with_lines)
    if as_lines:
        _write(report.plain())
        say(report.summary())
    else:
        _write(report.grouped())
        _write([report.summary()])
    return 1 if report.differs else 0


def _both(old: tuple[Path, Catalogue], new: tuple[Path, Catalogue]) -> list[Policy]:
    loaded: list[Policy] = []
    problems: list[str] = []
    for name, (folder, part) in (("OLD", old), ("NEW", new)):
        try:
            loaded.append(load(folder, part))
        except PolicyError as error:
            problems.append(f"{name}, the folder {folder}, is no policy for the schema of this program:")
            problems += [f"  {problem}" for problem in error.problems]
    if problems:
        raise CommandError(*problems, status=2)
    return loaded


def _write(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _catalogue() -> Catalogue:
    return catalogue(entities_of(build_schema()))


def _mask() -> Mask:
    try:
        return Mask(load(read_settings().policy, _catalogue()))
    except PolicyError as error:
        raise CommandError(*error.problems) from None
