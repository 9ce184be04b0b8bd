"""The GraphQL endpoint: from a request to an answer that leaves after the commit."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLSchema, OperationType
from starlette.requests import Request
from starlette.responses import Response

from api.context import Context, context_of
from api.document.documents import Document
from api.errors import Code, RequestRefusedError, unauthenticated, unavailable
from api.execution import Answer, check_variables, run
from api.gate import INTROSPECTION_FIELDS, Gate
from api.http import message
from api.http.answers import answered, refused
from api.http.authentication import claims_of
from api.reading.reader import Reading
from api.recording import event_of
from api.schema.build import OPEN_FIELDS
from api.writing.writer import Writer
from authz.audit.changes import ChangeSeal
from authz.audit.recorder import TrailUnavailableError, record
from domain.accounts.service import bearer_of
from domain.accounts.tokens import Claims, Tokens
from tenants.connection import DatabaseUnavailableError
from tenants.database import Database
from tenants.keys.master import MasterKeyError
from tenants.session import ReadSession, WriteSession


class UndoneError(Exception):
    """A mutation came to an answer without data: whatever it changed is undone, because nobody is told of it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("a mutation came to no data")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """Serves `/graphql`."""

    schema: GraphQLSchema
    gate: Gate
    database: Database
    tokens: Tokens
    reading: Reading
    changes: ChangeSeal
    body_limit: int

    async def serve(self, request: Request) -> Response:
        """Answer `request`, whatever it holds, with a GraphQL answer."""
        try:
            answer = await self._answer(request)
        except RequestRefusedError as refusal:
            return refused(refusal, request)
        except (DatabaseUnavailableError, TrailUnavailableError, MasterKeyError):
            return refused(unavailable(), request)
        errors = {"errors": answer.errors} if answer.errors else {}
        return answered({"data": answer.data, **errors}, request)

    async def _answer(self, request: Request) -> Answer:
        claims = claims_of(request, self.tokens)
        asked = await message.read(request, self.body_limit)
        document = self.gate.prepare(asked.query, asked.operation_name, asked.variables)
        if request.method == "GET" and document.operation.operation is not OperationType.QUERY:
            raise RequestRefusedError(
                405, Code.BAD_USER_INPUT, "Only queries are served by GET.", headers={"allow": "POST"}
            )
        if claims is None:
            self._check_open(document)
        check_variables(self.schema, document, asked.variables)
        request_id: str = request.scope["request_id"]
        if claims is None:
            return await run(self.schema, document, asked.variables, None, request_id)
        return await self._answer_to(claims, document, asked.variables, request)

    async def _answer_to(
        self, claims: Claims, document: Document, variables: dict[str, Any], request: Request
    ) -> Answer:
        request_id: str = request.scope["request_id"]
        context: Context | None = None
        try:
            async with self._transaction(claims, document) as session:
                bearer = await bearer_of(session, claims)
                if bearer is None:
                    raise unauthenticated("The session has ended. Sign in again.")
                context = await context_of(bearer, session, self.reading, document, self.gate)
                if isinstance(session, WriteSession):
                    writer = Writer(session, context.viewer, context.reader, self.changes, request_id)
                    context = replace(context, writer=writer)
                answer = await run(self.schema, document, variables, context, request_id)
                if context.writer is not None and answer.data is None:
                    raise UndoneError(answer)
                await record(session, event_of(context, document, request, told=answer.data is not None))
                return answer
        except (DatabaseUnavailableError, TrailUnavailableError, MasterKeyError, RequestRefusedError):
            raise
        except Exception as error:
            # Nothing was released, and the request's own transaction is lost: the failure stands in one of its own.
            if context is not None:
                async with self.database.reading(claims) as session:
                    await record(session, event_of(context, document, request, told=False, failed=True))
            if isinstance(error, UndoneError):
                return error.answer
            raise

    def _transaction(self, claims: Claims, document: Document) -> AbstractAsyncContextManager[ReadSession]:
        writes = document.operation.operation is OperationType.MUTATION
        return self.database.writing(claims) if writes else self.database.reading(claims)

    def _check_open(self, document: Document) -> None:
        if not document.root_fields <= OPEN_FIELDS | INTROSPECTION_FIELDS:
            raise unauthenticated()
