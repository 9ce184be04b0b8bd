"""Relations between people, as predicates that a statement can hold."""

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from domain.people.model import guardianship, membership, person
from tenants.session import in_tenant


def is_member(person_id: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the predicate that the person is a member of the tenant now."""
    stays = or_(membership.c.left_at.is_(None), membership.c.left_at > func.now())
    return exists().where(in_tenant(membership), membership.c.person_id == person_id, stays)


def live_guardianships() -> Select[*tuple[object, ...]]:
    """Return the guardianships in force: confirmed, not withdrawn, and the ward a minor today."""
    ward = person.alias("ward")
    return (
        select(guardianship.c.guardian_id, guardianship.c.ward_id)
        .join(ward, and_(ward.c.tenant_id == guardianship.c.tenant_id, ward.c.id == guardianship.c.ward_id))
        .where(
            in_tenant(guardianship),
            guardianship.c.confirmed_at.is_not(None),
            guardianship.c.withdrawn_at.is_(None),
            ward.c.minor,
        )
    )
