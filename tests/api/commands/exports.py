"""Exports as the tests of commands look at them."""

import json
from pathlib import Path
from typing import Any

from tests.api.commands.audited import Audited
from tests.tools.verifying import said as verified

ONLY_NORTHWIND = "tenant_id = (SELECT tenant_id FROM tenant_directory WHERE slug = 'northwind')"


def is_verified(audited: Audited, file: Path) -> bool:
    """Tell whether the verifier takes a whole export, with the checkpoints that were kept apart."""
    found = verified([str(file), "--key", audited.key(), "--checkpoints", str(audited.store.settings.checkpoints)])
    return found.status == 0 and found.lines[-1].startswith("ok: ")


def lines_of(export: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export.split(b"\n")[:-1]]


def exports_on_record(audited: Audited) -> list[dict[str, Any]]:
    """Return the events that exports left on the trail, the oldest first."""
    query = f"SELECT * FROM access_event WHERE operation = 'sextrontgen audit export' AND {ONLY_NORTHWIND} ORDER BY at"
    found = [dict(row) for row in audited.sql(query)]
    return [{**row, "disclosures": json.loads(row["disclosures"])} for row in found]
