"""A tenant's rules as they are stored: one change after the other, each with its author, nothing forgotten."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from authz.loading import POLICY_FOLDER
from authz.mask import Mask, Masks
from authz.tenant_rules import store
from authz.tenant_rules.binding import TenantRule
from authz.tenant_rules.masks import TenantMasks
from authz.tenant_rules.model import tenant_rule
from authz.tenant_rules.store import RuleRefusedError, add, grants_in_force, remove, rules_in_force
from authz.viewer import Purpose, Role, SubjectClass
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.model import agreement, agreement_grant
from tenants.model import tenant as tenants
from tenants.session import ReadSession, SystemTask, Task, in_tenant
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy

AUTHOR = UUID(int=7)
TITLE = (Role.INSTRUCTOR, "Learner.title", SubjectClass.ADULT, Purpose.TEACHING)


def rule(object_: str = "Learner.title", role: Role = Role.INSTRUCTOR) -> TenantRule:
    return TenantRule(uuid4(), role, object_, None, allow=False)


def inside(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.DEMO, tenant)


async def stamp_of(session: ReadSession) -> UUID | None:
    row = await session.first(select(tenants.c.policy_stamp).where(in_tenant(tenants)))
    assert row is not None
    found: UUID | None = row[0]
    return found


@pytest.fixture
def masks() -> TenantMasks:
    return TenantMasks(Masks(POLICY_FOLDER, CATALOGUE))


async def test_a_rule_is_in_force_until_it_is_removed_and_its_row_stays(database: Database, tenant: TenantId) -> None:
    made = rule()
    async with database.writing(inside(tenant)) as session:
        await add(session, made, AUTHOR)
    async with database.reading(inside(tenant)) as session:
        assert await rules_in_force(session) == [made]
    async with database.writing(inside(tenant)) as session:
        assert await remove(session, made.id, UUID(int=8)) == made
        assert await remove(session, made.id, AUTHOR) is None
    async with database.reading(inside(tenant)) as session:
        assert await rules_in_force(session) == []
        row = await session.first(select(tenant_rule).where(in_tenant(tenant_rule)))
    assert row is not None
    assert (row.version, row.removed_version, row.author_id, row.removed_by) == (1, 2, AUTHOR, UUID(int=8))


async def test_each_change_gives_the_tenant_a_new_stamp(database: Database, tenant: TenantId) -> None:
    made, seen = rule(), []
    async with database.reading(inside(tenant)) as session:
        seen.append(await stamp_of(session))
    for adds in (True, False):
        async with database.writing(inside(tenant)) as session:
            await (add(session, made, AUTHOR) if adds else remove(session, made.id, AUTHOR))
        async with database.reading(inside(tenant)) as session:
            seen.append(await stamp_of(session))
    assert seen[0] is None
    assert len(set(seen)) == 3


async def test_changes_at_once_follow_each_other(database: Database, tenant: TenantId) -> None:
    async def one(number: int) -> None:
        async with database.writing(inside(tenant)) as session:
            await add(session, rule(f"Learner.{['title', 'name', 'education', 'email', 'phone'][number]}"), AUTHOR)

    await asyncio.gather(*map(one, range(5)))
    async with database.reading(inside(tenant)) as session:
        rows = await session.rows(select(tenant_rule.c.version).where(in_tenant(tenant_rule)))
    assert sorted(row.version for row in rows) == [1, 2, 3, 4, 5]


async def test_the_very_same_rule_and_one_too_many_are_refused(
    database: Database, tenant: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_RULES", 2)
    async with database.writing(inside(tenant)) as session:
        await add(session, rule(), AUTHOR)
        with pytest.raises(RuleRefusedError, match="that very rule"):
            await add(session, rule(), AUTHOR)
        await add(session, rule("Learner.name"), AUTHOR)
        with pytest.raises(RuleRefusedError, match="at most 2 rules"):
            await add(session, rule("Learner.email"), AUTHOR)


async def test_rules_of_one_tenant_are_nothing_to_another(
    database: Database, tenant: TenantId, masks: TenantMasks
) -> None:
    other = await ensure_tenant(database, "elsewhere", "Elsewhere")
    async with database.writing(inside(tenant)) as session:
        await add(session, rule(), AUTHOR)
    async with database.reading(inside(other)) as session:
        assert await rules_in_force(session) == []
        assert (await masks.mask_for(session, await stamp_of(session))).decide(*TITLE).allowed
    async with database.reading(inside(tenant)) as session:
        assert not (await masks.mask_for(session, await stamp_of(session))).decide(*TITLE).allowed


async def test_a_transaction_is_decided_by_the_rules_that_it_sees(
    database: Database, tenant: TenantId, masks: TenantMasks
) -> None:
    """A change that is committed while another transaction reads is not that one's; whoever begins later has it."""
    made = rule()
    async with database.reading(inside(tenant)) as before:
        assert await stamp_of(before) is None
        async with database.writing(inside(tenant)) as session:
            await add(session, made, AUTHOR)
        async with database.reading(inside(tenant)) as after:
            mask = await masks.mask_for(after, await stamp_of(after))
            assert mask.decide(*TITLE) == (False, made.place)
        assert (await masks.mask_for(before, await stamp_of(before))).decide(*TITLE).allowed
    async with database.reading(inside(tenant)) as later:
        assert await masks.mask_for(later, await stamp_of(later)) is mask


async def test_masks_are_forgotten_past_the_bound_and_found_again(database: Database, tenant: TenantId) -> None:
    other = await ensure_tenant(database, "elsewhere", "Elsewhere")
    few = TenantMasks(Masks(POLICY_FOLDER, CATALOGUE), most=1)
    for _ in range(2):
        for each in (tenant, other):
            async with database.writing(inside(each)) as session:
                if not await rules_in_force(session):
                    await add(session, rule(), AUTHOR)
            async with database.reading(inside(each)) as session:
                assert not (await few.mask_for(session, await stamp_of(session))).decide(*TITLE).allowed


async def test_the_mask_that_was_used_longest_ago_is_forgotten_first(database: Database) -> None:
    few = TenantMasks(Masks(POLICY_FOLDER, CATALOGUE), most=2)
    made = {}

    async def used(each: TenantId) -> Mask:
        async with database.reading(inside(each)) as session:
            return await few.mask_for(session, await stamp_of(session))

    one, two, three = [await ensure_tenant(database, name, name) for name in ("one", "two", "three")]
    for each in (one, two, three):
        async with database.writing(inside(each)) as session:
            await add(session, rule(), AUTHOR)
    for each in (one, two, one, three):
        made[each] = await used(each)
    assert await used(three) is made[three]
    assert await used(one) is made[one]
    assert await used(two) is not made[two]


async def test_tenants_of_whom_the_policys_own_files_speak_have_a_mask_each(
    database: Database, tenant: TenantId, tmp_path: Path
) -> None:
    """Neither made a rule, so neither has a stamp: nothing but the tenant tells their masks apart."""
    other = await ensure_tenant(database, "elsewhere", "Elsewhere")
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "learner.csv", f"p, role:instructor, {tenant}, Learner.title, read, any, *, deny")
    appended(folder, "learner.csv", f"p, role:instructor, {other}, Learner.education, read, any, *, deny")
    masks = TenantMasks(Masks(folder, CATALOGUE))
    decided = []
    for each in (tenant, other, tenant):
        async with database.reading(inside(each)) as session:
            assert await stamp_of(session) is None
            decided.append((await masks.mask_for(session, None)).decide(*TITLE).rule)
    assert decided == [place, masks.platform.decide(*TITLE).rule, place]


async def test_grants_are_those_of_the_newest_agreement(database: Database, tenant: TenantId) -> None:
    versions: dict[int, list[str]] = {1: ["Enrollment.averageScore"], 2: ["Enrollment.results"], 3: []}
    for version, objects in versions.items():
        async with database.writing(inside(tenant)) as session:
            old = await session.first(
                select(agreement).where(in_tenant(agreement)).order_by(agreement.c.version.desc())
            )
            assert old is not None
            if old.version < version:
                row = {**old._mapping, "version": version}
                await session.change(insert(agreement).values(row))
            grants = [{"version": version, "role": "SEAT_MANAGER", "object": it} for it in objects]
            await session.insert(agreement_grant, grants)
        async with database.reading(inside(tenant)) as session:
            assert [grant.object for grant in await grants_in_force(session)] == objects


async def test_no_rule_is_deleted_nor_can_be(database: Database, tenant: TenantId) -> None:
    async with database.writing(inside(tenant)) as session:
        await add(session, rule(), AUTHOR)
    with pytest.raises(Exception, match="permission denied"):
        async with database.writing(inside(tenant)) as session:
            await session.change(tenant_rule.delete().where(in_tenant(tenant_rule)))
    with pytest.raises(Exception, match="removed"):
        async with database.writing(inside(tenant)) as session:
            await session.change(update(tenant_rule).where(in_tenant(tenant_rule)).values(removed_version=5))
