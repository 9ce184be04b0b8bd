"""The gate of the endpoint: what every document passes before it is executed, and before it is explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema

from api.document.documents import Document, Documents
from api.document.refusal import DocumentRefused
from api.errors import Code, RequestRefusedError

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})
"""Root fields that describe the schema itself."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets documents in that fit `schema` and cost no more than the limits say."""

    schema: GraphQLSchema
    documents: Documents
    introspection: bool
    """Whether the schema itself may be asked for."""

    def prepare(self, text: str, operation_name: str | None, variables: Mapping[str, Any]) -> Document:
        """Return the document, ready to be executed. Raises `RequestRefusedError`."""
        try:
            document = self.documents.prepare(text, operation_name, variables)
        except DocumentRefused as refusal:
            code = Code(refusal.code)
            raise RequestRefusedError(400, code, str(refusal), errors=refusal.errors, well_formed=True) from None
        if not self.introspection and document.root_fields & INTROSPECTION_FIELDS:
            told = "The schema may not be asked for here."
            raise RequestRefusedError(400, Code.INVALID_DOCUMENT, told, well_formed=True)
        return document
