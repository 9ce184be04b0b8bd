"""What the schema has so far stands in it as the public contract says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CHECK = ROOT.parent / "shared" / "tools" / "contract_check.py"
SDL = ROOT / "api" / "schema" / "schema.graphql"


@pytest.mark.skipif(not CHECK.exists(), reason="the contract's own check is not beside this checkout")
def test_nothing_of_the_schema_differs_from_the_contract_but_what_is_still_missing() -> None:
    checked = subprocess.run([sys.executable, str(CHECK), str(SDL)], capture_output=True, text=True, check=False)
    *differences, summary = checked.stdout.splitlines()
    assert summary.startswith("contract: ")
    assert [line for line in differences if not line.endswith((": missing", "missing argument"))] == []
