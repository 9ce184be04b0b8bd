"""The oracle knows nothing of the code that it judges."""

import ast
from pathlib import Path

# Tables' names, so as to select rows, what opens them; and a test's own way to a world full of people.
OPENER = "tests.support.sealing"
MAY_COME_FROM = ("domain", "tenants.model", "tests.oracle", OPENER)
MAY_COME_TO_TESTS_FROM = (*MAY_COME_FROM, "tenants.database", "tests.support")
OURS = ("api", "authz", "benchmarks", "domain", "migrations", "tenants", "tests")


def imported(path: Path) -> set[str]:
    """Return the project's own modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


def test_the_oracle_imports_no_decision_no_reader_and_no_schema() -> None:
    strangers = []
    for path in Path(__file__).parent.glob("*.py"):
        allowed = MAY_COME_TO_TESTS_FROM if path.name.startswith("test_") else MAY_COME_FROM
        strangers += [(path.name, name) for name in imported(path) if not name.startswith(allowed)]
    assert strangers == []


def test_what_opens_the_rows_knows_nothing_of_what_sealed_them() -> None:
    path = Path(__file__).parents[2].joinpath(*OPENER.split("."))
    assert imported(path.with_suffix(".py")) == set()
