"""What a resolver may know of the request: who asks, and the transaction to read in."""

from dataclasses import dataclass

from api.document.documents import Document
from api.gate import Gate
from api.reading.reader import Reader, Reading
from api.writing.writer import Writer
from authz.viewer import Purpose, Role, Viewer
from domain.accounts.service import Bearer
from tenants.ids import TenantId
from tenants.session import ReadSession


@dataclass(frozen=True, slots=True)
class Context:
    """One request's."""

    viewer: Viewer
    session: ReadSession
    reading: Reading
    reader: Reader
    document: Document
    gate: Gate
    """What documents pass that are asked about."""
    writer: Writer | None = None
    """None for a query."""


def viewer_of(bearer: Bearer, tenant_id: TenantId) -> Viewer:
    """Return the viewer that `bearer` is, with every role that was granted to them or follows from a relation.

    Every member is a learner (or a minor) toward themselves; an enterprise admin manages the tenant's seats.
    """
    granted = {Role(role) for role in bearer.granted}
    if bearer.case_id is None:
        granted.add(Role.MINOR if bearer.minor else Role.LEARNER)
    if bearer.guardians:
        granted.add(Role.WARD)
    if bearer.wards:
        granted.add(Role.GUARDIAN)
    if Role.ENTERPRISE_ADMIN in granted:
        granted.add(Role.SEAT_MANAGER)
    return Viewer(
        tenant_id=tenant_id,
        person_id=bearer.person_id,
        session_id=bearer.session_id,
        roles=tuple(role for role in Role if role in granted),
        case_id=bearer.case_id,
        purpose=Purpose(bearer.case_purpose) if bearer.case_purpose else None,
    )


async def context_of(bearer: Bearer, session: ReadSession, reading: Reading, document: Document, gate: Gate) -> Context:
    """Return the context of a request by `bearer` that executes `document`, in the session's tenant.

    The policy that decides in it is the one in force for what the session's transaction sees.
    """
    viewer = viewer_of(bearer, session.tenant_id)
    mask = await reading.masks.mask_for(session, bearer.policy_stamp)
    relations = {
        "current_tenant": session.tenant_id,
        "viewer": viewer.person_id,
        "wards": bearer.wards,
        "guardians": bearer.guardians,
        "taught": bearer.taught,
        "case_people": bearer.case_people,
    }
    reader = Reader(reading, session, reading.standings.of(viewer, mask), relations)
    return Context(viewer, session, reading, reader, document, gate)
