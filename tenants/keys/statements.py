"""The statements on the keys' tables."""

from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    LargeBinary,
    ScalarSelect,
    Text,
    Update,
    Uuid,
    bindparam,
    column,
    delete,
    exists,
    func,
    literal_column,
    not_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upserting

from tenants.keys.model import data_key, master_key, shredded_key, tenant_key
from tenants.session import CURRENT_TENANT, in_tenant
from tenants.statements import compiled


def wrapped_key(owner: ColumnElement[UUID]) -> ScalarSelect[bytes]:
    """Return the wrapped data key of `owner`, an expression of a statement about something else; null for none."""
    key = data_key.alias()
    return select(key.c.wrapped).where(key.c.tenant_id == CURRENT_TENANT, key.c.owner_id == owner).scalar_subquery()


OWNERS = bindparam("owners", type_=ARRAY(Uuid()))
KEYS = compiled(
    select(data_key.c.owner_id, data_key.c.wrapped).where(in_tenant(data_key), data_key.c.owner_id == func.any(OWNERS))
)
_TENANT_KEY_COLUMNS = (tenant_key.c.version, tenant_key.c.master, tenant_key.c.wrapped)
TENANT_KEY = compiled(
    select(*_TENANT_KEY_COLUMNS).where(
        in_tenant(tenant_key), tenant_key.c.version == bindparam("version", type_=Integer())
    )
)
# The rotation removes a version only when nothing refers to it; until then what is wrapped by it here stays whole.
NEWEST = compiled(
    select(*_TENANT_KEY_COLUMNS)
    .where(in_tenant(tenant_key))
    .order_by(tenant_key.c.version.desc())
    .limit(literal_column("1"))
    .with_for_update(key_share=True, read=True)
)
ADD_TENANT_KEY = compiled(
    upserting(tenant_key)
    .values(
        tenant_id=CURRENT_TENANT,
        version=bindparam("version", type_=Integer()),
        master=bindparam("master", type_=Text()),
        wrapped=bindparam("wrapped", type_=LargeBinary()),
    )
    .on_conflict_do_nothing()
)
ADD_MASTER = compiled(upserting(master_key).values(name=bindparam("name", type_=Text())).on_conflict_do_nothing())
MASTER_IN_USE = compiled(
    select(master_key.c.name)
    .where(master_key.c.name == bindparam("name", type_=Text()), master_key.c.until.is_(None))
    .with_for_update(read=True)
)


def _add_keys() -> Insert:
    """Return the statement that adds data keys. Who has one keeps it; whose was destroyed gets no other."""
    wrapped = bindparam("wrapped", type_=ARRAY(LargeBinary()))
    made = func.unnest(OWNERS, wrapped).table_valued(column("owner_id", Uuid), column("wrapped", LargeBinary))
    rows = made.render_derived(name="made")
    version: ColumnElement[int] = bindparam("tenant_key", type_=Integer())
    gone = exists().where(in_tenant(shredded_key), shredded_key.c.owner_id == rows.c.owner_id)
    given = select(CURRENT_TENANT, rows.c.owner_id, version, rows.c.wrapped).where(not_(gone))
    names = ["tenant_id", "owner_id", "tenant_key", "wrapped"]
    return upserting(data_key).from_select(names, given).on_conflict_do_nothing()


ADD_KEYS = compiled(_add_keys())


def _rewrap() -> Update:
    """Return the statement that stores data keys as another version of the tenant's key wraps them."""
    wrapped = bindparam("wrapped", type_=ARRAY(LargeBinary()))
    made = func.unnest(OWNERS, wrapped).table_valued(column("owner_id", Uuid), column("wrapped", LargeBinary))
    rows = made.render_derived(name="made")
    version: ColumnElement[int] = bindparam("tenant_key", type_=Integer())
    same = (in_tenant(data_key), data_key.c.owner_id == rows.c.owner_id)
    return update(data_key).where(*same).values(wrapped=rows.c.wrapped, tenant_key=version)


REWRAP = compiled(_rewrap())
# Those that another run of the rotation holds are its to wrap.
OUTDATED = compiled(
    select(data_key.c.owner_id, data_key.c.wrapped)
    .where(in_tenant(data_key), data_key.c.tenant_key < bindparam("version", type_=Integer()))
    .order_by(data_key.c.tenant_key, data_key.c.owner_id)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
COUNT_OUTDATED = compiled(
    select(func.count().label("keys")).where(
        in_tenant(data_key), data_key.c.tenant_key < bindparam("version", type_=Integer())
    )
)
VERSIONS = compiled(
    select(tenant_key.c.version, tenant_key.c.master, tenant_key.c.wrapped)
    .where(in_tenant(tenant_key))
    .order_by(tenant_key.c.version)
    .with_for_update()
)
DROP_VERSIONS = compiled(
    delete(tenant_key).where(in_tenant(tenant_key), tenant_key.c.version < bindparam("version", type_=Integer()))
)
SET_MASTER = compiled(
    update(tenant_key)
    .where(in_tenant(tenant_key), tenant_key.c.version == bindparam("of", type_=Integer()))
    .values(master=bindparam("name", type_=Text()), wrapped=bindparam("secret", type_=LargeBinary()))
)
SHRED = compiled(
    delete(data_key).where(in_tenant(data_key), data_key.c.owner_id == bindparam("owner_id", type_=Uuid()))
)
RECORD_SHREDDED = compiled(
    upserting(shredded_key)
    .values(
        tenant_id=CURRENT_TENANT,
        owner_id=bindparam("owner_id", type_=Uuid()),
        reason=bindparam("reason", type_=Text()),
    )
    .on_conflict_do_nothing()
    .returning(shredded_key.c.owner_id)
)
