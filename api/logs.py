"""Structured logs: one JSON object a line, and nothing personal in any of them.

An exception is logged as its type and the places it passed, never its message, where drivers and libraries quote
values. Of a library's own message only the first line is kept: asyncio's go on with the exception they tell of.
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

_MOST_FRAMES = 30
_PLAIN = (str, int, float, list, type(None))


def set_up(*, readable: bool) -> None:
    """Send every log, the libraries' too, to standard error: JSON lines, or `readable` ones for a person."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if readable
        else structlog.processors.JSONRenderer(serializer=_line)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _first_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _plain, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "strawberry.execution"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
    # uvicorn's access log holds addresses and query strings; ours (api.http.requests) holds neither.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("alembic").setLevel(logging.WARNING)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines. The standard one prints a record that it cannot write, its values and a trace, to the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Say which record is missing."""
        with suppress(OSError, ValueError):
            self.stream.write(
                f'{{"event": "a record could not be written", "at": "{record.pathname}:{record.lineno}"}}\n'
            )


def _line(event: Mapping[str, Any], **_options: object) -> str:
    try:
        return orjson.dumps(event, default=_kind).decode()
    except TypeError:
        # A lone surrogate or a number beyond 64 bits, which only the standard library writes.
        return json.dumps(event, default=_kind)


def _plain(
    _logger: Any,  # noqa: ANN401 - structlog's own signature of a processor
    _method: str,
    event: MutableMapping[str, Any],
) -> Mapping[str, Any]:
    return {name: value if isinstance(value, _PLAIN) else _kind(value) for name, value in event.items()}


def _kind(value: object) -> str:
    # Its text might hold anything.
    return f"<{type(value).__qualname__}>"


def _first_line(
    _logger: Any,  # noqa: ANN401 - structlog's own signature of a processor
    _method: str,
    event: MutableMapping[str, Any],
) -> Mapping[str, Any]:
    first = str(event["event"]).strip().partition("\n")[0]
    # asyncio writes a callback with its arguments.
    event["event"] = first.partition("(")[0] if event["_record"].name == "asyncio" else first
    event.pop("stack_info", None)
    return event


def without_messages(
    _logger: Any,  # noqa: ANN401 - structlog's own signature of a processor
    _method: str,
    event: MutableMapping[str, Any],
) -> Mapping[str, Any]:
    """Replace an exception by its type and the places it passed."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["at"] = places(error.__traceback__)
    return event


def places(trace: TracebackType | None) -> list[str]:
    """Return `file:line function` of each frame, the outermost first, at most the last 30."""
    found: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-_MOST_FRAMES:]
