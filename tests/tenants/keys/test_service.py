"""Keys in use: made with the person, read with the data, kept for a moment, refused when they are not right."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domain.people.model import person
from tenants.bulk import upsert
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.keys.brief import Brief
from tenants.keys.cells import UnreadableError
from tenants.keys.columns import Sealed, sealed_columns
from tenants.keys.master import KeyText, LocalMasterKey, MasterKeyError
from tenants.keys.model import data_key
from tenants.keys.rows import opened_rows, sealed_values
from tenants.keys.service import KeyService
from tenants.session import NoKeysError, SystemTask, Task, in_tenant
from tests.support.cluster import Urls
from tests.support.keys import key_service
from tests.support.sealing import ring_of

ADA = {"name": "Ada", "email": "ada@example.org", "phone": "+4930901820", "disability": True, "gender": None}


def task(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.KEYS, tenant)


async def add(database: Database, tenant: TenantId, **values: object) -> UUID:
    key = uuid7()
    async with database.writing(task(tenant)) as session:
        await session.insert(person, [{"id": key, **ADA, **values}])
    return key


async def read(database: Database, tenant: TenantId, key: UUID) -> dict[str, object]:
    async with database.reading(task(tenant)) as session:
        rows = await session.rows(select(person).where(in_tenant(person), person.c.id == key))
        (row,) = await opened_rows(session, person, [one._asdict() for one in rows])
    return row


async def test_what_is_stored_is_sealed_and_what_is_read_is_clear(
    database: Database, tenant: TenantId, urls: Urls
) -> None:
    key = await add(database, tenant)
    raw = await asyncpg.connect(urls.superuser)
    try:
        stored = dict(await raw.fetchrow("SELECT * FROM person WHERE id = $1", key) or {})
        assert isinstance(stored["phone"], bytes)
        assert b"ada" not in stored["email"]
        assert (await ring_of(raw)).opened("person", stored).items() >= ADA.items()
    finally:
        await raw.close()
    assert (await read(database, tenant, key)).items() >= ADA.items()
    assert (await read(Database(DatabaseSettings(urls.application), key_service()), tenant, key)).items() >= ADA.items()


async def test_an_import_that_is_repeated_changes_nothing_and_keeps_the_id_that_is_there(
    database: Database, tenant: TenantId
) -> None:
    async def load(phone: str) -> int:
        row = {"id": uuid7(), "external_id": "a", "email": "ada@example.org", "phone": phone}
        async with database.writing(task(tenant)) as session:
            return await upsert(session, person, [row], key=("external_id",), change=("email", "phone"))

    assert [await load("1"), await load("1"), await load("2"), await load("2")] == [1, 0, 1, 0]
    async with database.reading(task(tenant)) as session:
        (row,) = await session.rows(select(person).where(in_tenant(person)))
        assert (await opened_rows(session, person, [row._asdict()]))[0]["phone"] == "2"
        assert row.email_hash == await session.keys.hashed(person.c.email_hash, " ADA@Example.org ")


async def test_an_address_is_unique_in_a_tenant_in_whatever_form_and_tells_nothing_to_another(
    database: Database, tenant: TenantId
) -> None:
    await add(database, tenant, email="ada@bücher.example")
    with pytest.raises(IntegrityError):
        await add(database, tenant, email="ADA@xn--bcher-kva.example")
    other = await ensure_tenant(database, "riverside", "Riverside")
    await add(database, other, email="ada@bücher.example")
    async with database.reading(task(tenant)) as session:
        here = await session.keys.hashed(person.c.email_hash, "ada@bücher.example")
    async with database.reading(task(other)) as session:
        assert await session.keys.hashed(person.c.email_hash, "ada@bücher.example") != here


async def test_a_value_of_a_wrong_type_is_refused_before_it_is_stored(database: Database, tenant: TenantId) -> None:
    for wrong in ({"phone": 1}, {"disability": "yes"}, {"birth_date": "2000-01-01"}):
        with pytest.raises(TypeError, match="is sealed"):
            await add(database, tenant, **wrong)
    async with database.reading(task(tenant)) as session:
        assert await session.rows(select(person.c.id).where(in_tenant(person))) == []


async def test_without_keys_nothing_sealed_is_written(urls: Urls, tenant: TenantId) -> None:
    bare = Database(DatabaseSettings(urls.application))
    with pytest.raises(NoKeysError, match=r"Database\(settings, KeyService"):
        await add(bare, tenant)


async def test_a_stranger_to_the_master_key_reads_nothing_and_makes_no_second_key(
    urls: Urls, database: Database, tenant: TenantId
) -> None:
    key = await add(database, tenant)
    stranger = KeyService(LocalMasterKey(KeyText("A" * 43 + "=", "another")))
    foreign = Database(DatabaseSettings(urls.application), stranger)
    with pytest.raises(MasterKeyError, match="not among those at hand"):
        await read(foreign, tenant, key)
    with pytest.raises(MasterKeyError):
        await add(foreign, tenant, email=None)


async def test_a_damaged_key_opens_nothing_and_is_not_replaced(
    urls: Urls, database: Database, tenant: TenantId
) -> None:
    key, other = await add(database, tenant), await add(database, tenant, email="b@example.org")
    raw = await asyncpg.connect(urls.superuser)
    swapped = (
        "UPDATE keys.data_key SET wrapped = (SELECT wrapped FROM keys.data_key WHERE owner_id = $2) WHERE owner_id = $1"
    )
    await raw.execute(swapped, key, other)
    await raw.close()
    assert "phone" not in await read(database, tenant, key)
    assert (await read(database, tenant, other))["phone"] == ADA["phone"]
    async with database.writing(task(tenant)) as session:
        with pytest.raises(UnreadableError):
            await sealed_values(session, person, key, key, {"phone": "1"})


async def test_twenty_that_need_the_first_keys_of_a_tenant_at_once_get_the_same(
    database: Database, tenant: TenantId
) -> None:
    owner = uuid7()

    async def place() -> bytes:
        async with database.writing(task(tenant)) as session:
            return (await session.keys.of([owner]))[owner].seal(b"place", b"value")

    assert len(set(await asyncio.gather(*(place() for _ in range(20))))) == 1


async def test_a_key_whose_row_is_gone_opens_nothing_though_it_was_used_a_moment_ago(
    urls: Urls, database: Database, tenant: TenantId
) -> None:
    key = await add(database, tenant)
    assert (await read(database, tenant, key))["phone"] == ADA["phone"]
    async with database.writing(task(tenant)) as session:
        await session.change(data_key.delete().where(in_tenant(data_key), data_key.c.owner_id == key))
    assert "phone" not in await read(database, tenant, key)


async def test_a_row_that_is_moved_or_copied_over_does_not_open(
    urls: Urls, database: Database, tenant: TenantId
) -> None:
    one, other = await add(database, tenant), await add(database, tenant, email="b@example.org", phone="2")
    async with database.writing(task(tenant)) as session:
        taken = select(person.c.phone).where(person.c.id == other).scalar_subquery()
        await session.change(update(person).where(in_tenant(person), person.c.id == one).values(phone=taken))
        await session.change(
            update(person).where(in_tenant(person), person.c.id == other).values(gender=person.c.phone)
        )
    assert "phone" not in await read(database, tenant, one)
    found = await read(database, tenant, other)
    assert found["phone"] == "2"
    assert "gender" not in found


async def test_what_is_kept_briefly_is_bounded_and_dropped_when_nobody_asks() -> None:
    kept = Brief[int, str](most=10, seconds=0.05)
    for number in range(1000):
        kept.put(number, "key")
    assert len(kept) <= 20
    assert kept.get(999) == "key"
    async with asyncio.timeout(30):
        while len(kept):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert kept.get(999) is None
    kept.put(1, "again")
    assert kept.get(1) == "again"
    kept.clear()
    assert kept.get(1) is None


def test_a_table_says_what_it_seals_and_with_whose_key() -> None:
    found = sealed_columns(person)
    assert found is not None
    assert found.owner == "id"
    assert set(found.hashed) == {"email_hash"}
    assert all(isinstance(person.c[name].type, Sealed) for name in found.sealed)
