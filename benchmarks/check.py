"""Before anything is measured: does every server answer, with all that is asked for, and all with the same?"""

import http.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.errors import CompareError
from benchmarks.processes import Server
from benchmarks.scenarios import Data, Scenario

_SECONDS = 20

Json = Any
"""A value of JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer, and its length in bytes."""

    data: Data
    length: int


def check(
    scenario: Scenario, servers: Sequence[Server], body: bytes, token: str
) -> tuple[dict[Server, Answer], list[str]]:
    """Return the servers that answer alike, with their answers, and a line for each of the others.

    The first of `servers` that answers in full is what the others are compared with.
    """
    answers: dict[Server, Answer] = {}
    failures: list[str] = []
    for server in servers:
        try:
            answer = _full(scenario, ask(server, body, token))
            for first, other in list(answers.items())[:1]:
                _same(answer, other, first.name)
        except CompareError as error:
            failures.append(f"{scenario.name}: {server.name} {error}")
        else:
            answers[server] = answer
    return answers, failures


def ask(server: Server, body: bytes, token: str) -> Answer:
    """Return the answer of `server` to `body`. Raises `CompareError` for anything but data without errors."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=_SECONDS)
    try:
        connection.request("POST", address.path, body, headers)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CompareError(f"does not answer ({type(error).__name__})") from None
    finally:
        connection.close()
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise CompareError(f"answers {response.status} without JSON") from None
    match content:
        case {"errors": [{"message": message}, *_]}:
            raise CompareError(f"answers {response.status}: {message}")
        case {"data": dict(data)}:
            return Answer(data, len(text))
    raise CompareError(f"answers {response.status} without data")


def _full(scenario: Scenario, answer: Answer) -> Answer:
    try:
        found = scenario.count(answer.data)
    except (TypeError, KeyError):
        raise CompareError("answers null where an object is expected") from None
    if found != scenario.expected:
        raise CompareError(f"answers with {_listed(found)} instead of {_listed(scenario.expected)}")
    return answer


def _same(answer: Answer, other: Answer, name: str) -> None:
    difference = next(_differences(answer.data, other.data, "data"), None)
    if difference is not None:
        raise CompareError(f"answers otherwise than {name} at {difference}")


def _differences(left: Json, right: Json, path: str) -> Iterator[str]:
    """Yield the paths at which two answers differ; the values are people's, so they are not told."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (one, another) in enumerate(zip(left, right, strict=True)):
            yield from _differences(one, another, f"{path}.{place}")
    elif left != right:
        yield path


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
