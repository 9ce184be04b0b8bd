"""What the trail is told of a request: taken from its context, its document and what was released in it."""

from starlette.requests import Request

from api.context import Context
from api.document.documents import Document
from authz.audit.recorder import Event

_MOST_OPERATION, _MOST_ADDRESS, _MOST_DEVICE = 200, 45, 400
"""Characters that the trail keeps of them."""


def event_of(context: Context, document: Document, request: Request, *, told: bool, failed: bool = False) -> Event:
    """Return the event of `request`: without `told` nothing was released; `failed` if it was refused as a whole."""
    name = document.operation.name
    ledger, mask = context.reader.ledger, context.reader.mask
    return Event(
        viewer=context.viewer,
        capacities=sorted(ledger.capacities) if told else [],
        operation=name.value[:_MOST_OPERATION] if name else None,
        document_hash=document.hash,
        request_id=request.scope["request_id"],
        client_address=request.client.host[:_MOST_ADDRESS] if request.client else None,
        client_device=request.headers.get("user-agent", "")[:_MOST_DEVICE] or None,
        policy_version=mask.version,
        disclosures=ledger.disclosures if told else {},
        denials=ledger.denials if told else {},
        category_of=mask.category,
        refused=failed,
    )
