"""The server as a process of its own, over the schema with traps. Told everything by the environment, as it is."""

import sys
from unittest.mock import patch

import api.app
from api.commands.serve import serve
from api.http import protocol
from api.settings import Settings
from tests.api.traps import build


def main() -> None:
    """Serve, and write the address to standard output once it listens."""
    patch.object(api.app, "build_schema", build).start()
    protocol.HEAD_SECONDS = 1.0
    serve(Settings.read(), lambda address: print(address, flush=True))  # noqa: T201 # it is what the test reads


if __name__ == "__main__":
    main()
    sys.exit(0)
