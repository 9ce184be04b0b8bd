"""No value leaves whose event cannot be written, whatever the reason; it is said in time, and passes with its cause."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import NamedTuple

import pytest

from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.trail.scene import CANARIES, Reply, Scene


class Fault(NamedTuple):
    """What breaks the trail, and what mends it: SQL on one connection of the superuser's."""

    breaks: str
    mends: str


def _before_insert(body: str) -> Fault:
    return Fault(
        f"""CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;
            CREATE TRIGGER spoil BEFORE INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION spoil()""",
        "DROP FUNCTION spoil CASCADE",
    )


def _at_commit(body: str) -> Fault:
    return Fault(
        f"""CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;
            DO $$ DECLARE part regclass; BEGIN
                FOR part IN SELECT relid FROM pg_partition_tree('access_event') WHERE isleaf LOOP
                    EXECUTE format('CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION spoil()', part);
                END LOOP; END $$;""",
        "DROP FUNCTION spoil CASCADE",
    )


FAULTS = {
    "locked": Fault("BEGIN; LOCK TABLE access_event IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
    "locked against writing": Fault("BEGIN; LOCK TABLE access_event IN SHARE MODE", "ROLLBACK"),
    "no right to insert": Fault(
        "REVOKE INSERT ON access_event FROM sextrontgen_app", "GRANT INSERT ON access_event TO sextrontgen_app"
    ),
    "too slow": _before_insert("PERFORM pg_sleep(60);"),
    "no space left": _before_insert("RAISE EXCEPTION 'canary' USING ERRCODE = '53100';"),
    "no space left at the commit": _at_commit("RAISE EXCEPTION 'canary' USING ERRCODE = '53100';"),
    "refused at the commit": _at_commit("RAISE EXCEPTION 'canary';"),
    "a limit of the server's": _before_insert("RAISE EXCEPTION 'canary' USING ERRCODE = '54000';"),
    "a constraint": Fault(
        "ALTER TABLE access_event ADD CONSTRAINT never CHECK (subject_count < 0) NOT VALID",
        "ALTER TABLE access_event DROP CONSTRAINT never",
    ),
    "its connection ended": _before_insert("PERFORM pg_terminate_backend(pg_backend_pid());"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_no_value_leaves_and_no_change_stays_without_its_event(scene: Scene, name: str) -> None:
    fault = FAULTS[name]
    async with scene.hand() as hand:
        await hand.execute(fault.breaks)
        replies = await asyncio.gather(scene.ask(), scene.write())
        assert all(map(Reply.is_refused, replies))
        assert await scene.title() == CANARIES["title"]
        # More than there are connections.
        crowd = await asyncio.gather(*(scene.ask() for _ in range(24)))
        assert all(map(Reply.is_refused, crowd))
        await hand.execute(fault.mends)
        assert await scene.recovers()
    for reply in (*replies, *crowd):
        assert await scene.events(reply.request_id) == []


async def test_whoever_comes_while_others_wait_is_refused_in_time_too(scene: Scene) -> None:
    """The wait for a free connection and the wait for the trail are one wait to whoever asks."""
    async with scene.hand() as hand:
        await hand.execute(FAULTS["locked"].breaks)
        asking = []
        for _ in range(40):
            asking.append(asyncio.create_task(scene.ask()))
            await asyncio.sleep(0.05)
        replies = await asyncio.gather(*asking)
        await hand.execute(FAULTS["locked"].mends)
        assert all(map(Reply.is_refused, replies))
        assert await scene.recovers()


async def test_when_every_connection_is_held_whoever_asks_is_refused(scene: Scene) -> None:
    tenant_id = await scene.tenant_id()
    database = scene.database()
    async with AsyncExitStack() as held:
        for _ in range(DatabaseSettings("").pool_size):
            await held.enter_async_context(_kept(database, tenant_id))
        replies = await asyncio.gather(scene.ask(), scene.write(), *(scene.ask() for _ in range(10)))
        assert all(map(Reply.is_refused, replies))
        assert all(map(Reply.is_refused, [await scene.ask(), await scene.write()]))
        assert await scene.title() == CANARIES["title"]
    assert await scene.recovers()


@asynccontextmanager
async def _kept(database: Database, tenant_id: TenantId) -> AsyncIterator[None]:
    """Hold a connection of the application's; the server may end it meanwhile, and still nobody else has it."""
    with suppress(DatabaseUnavailableError):
        async with database.reading(SystemTask(Task.READINESS, tenant_id)):
            yield
