"""Every table of the program in one place, for those who compare them with a database."""

from sqlalchemy.sql.schema import SchemaItem

import authz.audit.change
import authz.audit.event
import authz.audit.seal.model
import authz.audit.terms
import authz.tenant_rules.model
import domain.accounts.model
import domain.cases.model
import domain.courses.model
import domain.enrollments.model
import domain.people.model
import domain.seats.model
import tenants.keys.model
import tenants.model
from tenants.tables import metadata

__all__ = ["authz", "domain", "is_compared", "metadata", "tenants"]


def is_compared(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None) -> bool:
    """Leave the trail's partitions to those who make and drop them; their parent is what is compared."""
    return not (kind == "table" and (name or "").startswith(("access_event_", "access_term_")))
