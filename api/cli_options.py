"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the embedded database; started if it is not running, shared if it is. "
        "Without it: DATABASE_URL, else .sextrontgen",
    ),
]
Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
