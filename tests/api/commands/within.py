"""The program in the process of the tests: the same command line, streams and end, without seconds to start."""

import os
import signal
import sys
from io import BytesIO, StringIO, TextIOWrapper
from subprocess import CompletedProcess
from unittest.mock import patch

from api.cli import main
from tests.api.commands.programs import clean_environment


def run_within(*arguments: str, **environment: str) -> CompletedProcess[str]:
    """Run a command to its end; an exception that the program lets through is the test's."""
    output, errors, status = TextIOWrapper(BytesIO(), "utf-8", write_through=True), StringIO(), 0
    handler = signal.getsignal(signal.SIGTERM)
    with (
        patch.object(sys, "argv", ["sextrontgen", *arguments]),
        patch.object(sys, "stdout", output),
        patch.object(sys, "stderr", errors),
        patch.dict(os.environ, clean_environment(**environment), clear=True),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            signal.signal(signal.SIGTERM, handler)
    buffer = output.buffer
    assert isinstance(buffer, BytesIO)
    return CompletedProcess(["sextrontgen", *arguments], status, buffer.getvalue().decode(), errors.getvalue())
