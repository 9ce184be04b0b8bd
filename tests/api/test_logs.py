"""Logs: one line of JSON for everything that is said, the libraries' words too, and no value in any of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CANARY = "canary-7f3a"
CHECKOUT = Path(__file__).parents[2]

START = """
import asyncio, gc, logging, sys
import structlog
from api.logs import set_up
set_up(readable=READABLE)
log = structlog.get_logger("test")
CANARY = "canary-7f3a"
"""

SAID = {
    "an exception": "try:\n    raise ValueError(CANARY)\nexcept ValueError:\n    log.exception('failed')",
    "a chain of exceptions": """
try:
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        raise ValueError(CANARY) from error
except ValueError as error:
    error.add_note(CANARY)
    log.error('failed', exc_info=error)
""",
    "a group of exceptions": "log.error('failed', exc_info=ExceptionGroup(CANARY, [ValueError(CANARY)]))",
    "an object": """
class Thing:
    def __repr__(self): return CANARY
log.info('x', thing=Thing(), raw=CANARY.encode())
""",
    "a library's exception": """
try:
    raise ValueError(CANARY)
except ValueError:
    logging.getLogger('uvicorn.error').exception('failed')
""",
    "a library's lines": "logging.getLogger('some.library').error('first\\n' + CANARY)",
    "a library's stack": "logging.getLogger('some.library').error('first', stack_info=True)  # canary-7f3a",
    "a library's broken record": "logging.getLogger('some.library').error('%d', CANARY)",
    "a task that nobody waited for": """
async def fail(): raise ValueError(CANARY)
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
asyncio.run(main())
""",
    "a callback that fails": """
def fail(value): raise ValueError(value)
async def main():
    asyncio.get_running_loop().call_soon(fail, CANARY)
    await asyncio.sleep(0.01)
asyncio.run(main())
""",
    "a lone surrogate": "log.info('x', text='\\ud800')\nlogging.getLogger('some.library').info('\\ud800')",
    "numbers beyond JSON": "log.info('x', number=2**70, other=float('nan'))",
}


def written(code: str, *, readable: bool) -> str:
    """Return what a process that says this writes."""
    found = subprocess.run(
        [sys.executable, "-c", START.replace("READABLE", str(readable)) + code],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == ""
    return found.stderr


@pytest.mark.parametrize("code", SAID.values(), ids=SAID.keys())
def test_what_is_logged_is_lines_of_json_without_a_value(code: str) -> None:
    text = written(code, readable=False)
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines
    assert all(line["event"] for line in lines)
    assert CANARY not in text
    assert "Traceback" not in text


def test_the_readable_form_holds_no_value_either() -> None:
    text = written("\n".join(SAID.values()), readable=True)
    assert CANARY not in text
    assert "Traceback" not in text


def test_an_exception_is_its_type_and_places() -> None:
    line = json.loads(written(SAID["an exception"], readable=False))
    assert (line["error"], line["event"], line["level"]) == ("builtins.ValueError", "failed", "error")
    assert line["at"][-1].startswith("<string>:")
    assert len(line["at"]) <= 30


def test_a_deep_trace_is_cut() -> None:
    code = """
def fall(depth):
    if depth: fall(depth - 1)
    raise ValueError
try:
    fall(200)
except ValueError:
    log.exception('failed')
"""
    assert len(json.loads(written(code, readable=False))["at"]) == 30


def test_a_log_that_nobody_reads_does_not_end_the_program() -> None:
    code = START.replace("READABLE", "False") + "sys.stderr.close()\nlog.info('x')\nprint('still here')"
    found = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert found.stdout == "still here\n"
