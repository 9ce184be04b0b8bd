"""What the trail keeps of a request that failed."""

import asyncpg
import httpx2
import pytest

from tests.api.people import People
from tests.support.cluster import Urls


@pytest.mark.parametrize("query", ["query Wrong { wrongStatement }", 'query Wrong { boundValue(word: "canary-7f3a") }'])
async def test_a_request_that_failed_stands_in_the_trail_as_refused_with_nothing_released(
    served: httpx2.AsyncClient, people: People, urls: Urls, query: str
) -> None:
    person = await people.member()
    token = await people.sign_in(person)
    request_id = "request-of-the-failure"
    headers = {"authorization": f"Bearer {token}", "x-request-id": request_id}
    answer = await served.post("/graphql", json={"query": query}, headers=headers)
    assert answer.status_code == 500
    connection = await asyncpg.connect(urls.superuser)
    [event] = await connection.fetch("SELECT * FROM access_event WHERE actor_id = $1", person)
    await connection.close()
    assert (event["outcome"], event["operation"], event["request_id"]) == ("REFUSED", "Wrong", request_id)
    assert (event["subject_count"], event["disclosures"], event["denials"]) == (0, "[]", "[]")
