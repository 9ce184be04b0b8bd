"""Clients that read without end and keep, of every answer that reached them, whose which fields it told."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO
from uuid import UUID

import httpx2

from api.ids import MalformedIdError, decode_id
from domain.accounts.tokens import Tokens
from tenants.ids import TenantId

PATIENCE = 0.02  # seconds before somebody asks again who was not answered
AS_ONE = 50
"""Requests with the same token."""

_QUERIES = [
    f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Learner {{ {fields} }} }} }}"
    for fields in ("name", "name email phone", "title education minor", "pictureUrl location lastSeenAt")
]
"""Few: the first time of each takes a program that has just begun many times as long as the next."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Somebody who is signed in."""

    issuer: Tokens
    tenant_id: TenantId
    person_id: UUID
    session_id: UUID

    def headers(self) -> dict[str, str]:
        """Return what their request begins with: a token that is good for minutes, as the program's are."""
        until = datetime.now(UTC) + timedelta(minutes=9)
        token = self.issuer.issue(self.tenant_id, self.person_id, self.session_id, until)
        return {"authorization": f"Bearer {token}"}


@dataclass
class Readers:
    """Who reads, what they may ask for, and the file that each answer is written to before the next is asked for."""

    address: str
    bearers: Sequence[Bearer]
    learners: Sequence[str]
    """Global ids."""
    file: TextIO
    seed: int
    received: int = 0
    """Answers with data."""
    refused: int = 0
    """Answers without."""
    lost: int = 0
    """Requests that nothing came of."""
    stops: bool = False

    async def read(self, connections: int) -> None:
        """Read on so many connections until told to stop."""
        async with asyncio.TaskGroup() as group:
            for number in range(connections):
                bearer = self.bearers[number % len(self.bearers)]
                group.create_task(self._read(bearer, random.Random(self.seed + number)))

    async def reached(self, received: int) -> None:
        """Return when so many answers have come in all."""
        while True:
            if self.received >= received:
                return
            await asyncio.sleep(0.001)

    async def _read(self, bearer: Bearer, rng: random.Random) -> None:
        async with httpx2.AsyncClient(base_url=self.address, timeout=30) as client:
            while not self.stops:
                headers = bearer.headers()
                for _ in range(AS_ONE):
                    if not self.stops:
                        await self._ask(client, headers, rng)

    async def _ask(self, client: httpx2.AsyncClient, headers: dict[str, str], rng: random.Random) -> None:
        try:
            answer = await client.post("/graphql", json=self._question(rng), headers=headers)
        except httpx2.TransportError:
            self.lost += 1
            await asyncio.sleep(PATIENCE)
            return
        if answer.status_code == 200:
            self._keep(answer)
        else:
            assert "data" not in answer.json(), answer.text
            self.refused += 1
            await asyncio.sleep(PATIENCE)

    def _question(self, rng: random.Random) -> dict[str, Any]:
        return {"query": rng.choice(_QUERIES), "variables": {"ids": rng.sample(self.learners, rng.randint(1, 6))}}

    def _keep(self, answer: httpx2.Response) -> None:
        cells = sorted(set(told(answer.json()["data"])))
        self.file.write(json.dumps({"request": answer.headers["x-request-id"], "cells": cells}) + "\n")
        self.file.flush()
        self.received += 1


def told(data: Any) -> Iterator[tuple[str, str]]:
    """Yield each cell of a learner's that `data` holds a value of: the field, and the person's id."""
    if isinstance(data, list):
        for each in data:
            yield from told(each)
    elif isinstance(data, dict):
        kind, key = _object(data.get("id"))
        if kind == "Learner":
            yield from ((f"Learner.{name}", str(key)) for name, value in data.items() if value is not None)
        for each in data.values():
            yield from told(each)


def _object(text: Any) -> tuple[str, UUID | None]:
    try:
        return decode_id(text)
    except (MalformedIdError, TypeError):
        return "", None
