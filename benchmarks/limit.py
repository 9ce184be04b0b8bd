"""How fast it could be: the hand-written statements, dictionaries and orjson on bare ASGI; GraphQL is not even parsed.

Serves the documents of `benchmarks.scenarios` and no others.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from api.ids import decode_id, encode_id
from benchmarks import scenarios, statements
from benchmarks.statements import Driver
from benchmarks.target import Target

Answer = dict[str, Any]
Row = Any
"""A row of asyncpg, which publishes no types."""
_HEADERS = [(b"content-type", b"application/json")]


def create_app(target: Target) -> ASGIApp:
    """Return the application on `target`."""
    driver = Driver(target)

    async def viewer(_variables: Answer) -> Answer:
        (row,) = await driver.rows(statements.VIEWER)
        tenant = {"id": encode_id("Tenant", row["tenant_id"]), "slug": row["slug"], "name": row["name"]}
        return {"viewer": {"id": encode_id("Viewer", target.viewer_id), "tenant": tenant}}

    async def roster(variables: Answer) -> Answer:
        rows = await driver.rows(statements.ROSTER, decode_id(variables["course"])[1], 100)
        return {"course": {"enrollments": {"nodes": [_enrolled(row) for row in rows]}} if rows else None}

    async def nested(_variables: Answer) -> Answer:
        rows = await driver.rows(statements.NESTED, 20, 10, 5)
        return {"learners": {"nodes": [_learner(group) for _, group in groupby(rows, itemgetter("learner_id"))]}}

    answers = {scenarios.VIEWER: viewer, scenarios.ROSTER: roster, scenarios.NESTED: nested}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(driver, receive, send)
        elif scope["type"] == "http":
            await _serve(answers, receive, send)

    return app


async def _live(driver: Driver, receive: Receive, send: Send) -> None:
    await receive()
    await driver.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await driver.close()
    await send({"type": "lifespan.shutdown.complete"})


async def _serve(answers: Mapping[str, Callable[[Answer], Awaitable[Answer]]], receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    asked = orjson.loads(body)
    answer = orjson.dumps({"data": await answers[asked["query"]](asked["variables"])})
    length = (b"content-length", str(len(answer)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
    await send({"type": "http.response.body", "body": answer})


def _enrolled(row: Row) -> Answer:
    return {
        "id": encode_id("Enrollment", row["id"]),
        "status": row["status"],
        "progress": row["progress"],
        "averageScore": row["average_score"],
        "finalResult": row["final_result"],
        "lastActivityAt": row["last_activity_at"],
        "enrolledAt": row["enrolled_at"],
        "learner": {
            "id": encode_id("Learner", row["learner_id"]),
            "name": row["name"],
            "pictureUrl": row["picture_url"],
            "title": row["title"],
            "education": row["education"],
            "minor": row["minor"],
        },
    }


def _learner(group: Iterable[Row]) -> Answer:
    rows = list(group)
    enrollments = [_enrollment(list(each)) for _, each in groupby(rows, itemgetter("enrollment_id"))]
    return {
        "id": encode_id("Learner", rows[0]["learner_id"]),
        "name": rows[0]["name"],
        "enrollments": {"nodes": enrollments},
    }


def _enrollment(rows: list[Row]) -> Answer:
    results = [
        {
            "id": encode_id("AssessmentResult", row["result_id"]),
            "score": row["score"],
            "submittedOn": row["submitted_on"],
        }
        for row in rows
    ]
    first = rows[0]
    return {
        "id": encode_id("Enrollment", first["enrollment_id"]),
        "status": first["status"],
        "results": {"nodes": results},
    }
