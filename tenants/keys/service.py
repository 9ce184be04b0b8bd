"""Keys in use: read where the data is read, unwrapped, and kept unwrapped for a short while.

A wrapped key comes from the session's own transaction each time, so a key that was destroyed is gone for every process
at once; what is kept is only what unwrapping came to.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column

from tenants.keys import statements
from tenants.keys.brief import Brief
from tenants.keys.cells import KEY_BYTES, DataKey, Owned, TenantKey, UnreadableError, wrapped_by
from tenants.keys.master import MasterKey, MasterKeyError, Wrapped
from tenants.keys.rows import hashed_value
from tenants.session import ReadSession

_TENANT_KEYS, _DATA_KEYS = 10_000, 50_000
_FIRST = 1


class KeyService:
    """The keys of one process, for all its sessions."""

    def __init__(self, master: MasterKey) -> None:
        self.master = master
        self.tenant_keys = Brief[tuple[UUID, int], TenantKey](_TENANT_KEYS)
        self.data_keys = Brief[tuple[bytes, UUID, bytes], DataKey](_DATA_KEYS)
        self.unreadable: Counter[tuple[str, str]] = Counter()
        """How many values did not open since the process began, by table and column."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.master).__name__})"

    def forget(self) -> None:
        """Drop every unwrapped key."""
        self.tenant_keys.clear()
        self.data_keys.clear()


class SessionKeys:
    """The keys that one transaction sees."""

    def __init__(self, service: KeyService, session: ReadSession) -> None:
        self._service = service
        self._session = session
        self._met: dict[UUID, Owned] = {}

    def met(self, owned: Owned) -> None:
        """Take in a wrapped key that another statement of this transaction read: it is not read again."""
        self._met[owned.owner_id] = owned

    def unreadable(self, table: str, column: str, values: int) -> None:
        """Count values that did not open."""
        self._service.unreadable[table, column] += values

    async def unwrapped(self, wanted: Iterable[tuple[UUID, bytes]]) -> Mapping[tuple[UUID, bytes], DataKey]:
        """Return the keys of `wanted`, wrapped ones as `Owned` has them; one that does not unwrap is left out.

        Raises `MasterKeyError`.
        """
        found: dict[tuple[UUID, bytes], DataKey] = {}
        lost: dict[UUID, tuple[UUID, bytes]] = {}
        tenant, kept = self._session.tenant_id.bytes, self._service.data_keys
        for owned in wanted:
            key = kept.get((tenant, *owned)) or await self._unwrapped(Owned(*owned))
            if key is None:
                lost[owned[0]] = owned
            else:
                found[owned] = key
        if lost:
            # The tenant's key may have been replaced since they were read, where a transaction sees what is newest.
            for again in await self._read(lost):
                if again != lost[again.owner_id] and (key := await self._unwrapped(again)) is not None:
                    found[lost[again.owner_id]] = key
        return found

    async def known(self, owners: Iterable[UUID]) -> Mapping[UUID, DataKey]:
        """Return the keys of `owners` as far as there are any. Raises `MasterKeyError`."""
        wanted = set(owners)
        owned = [self._met[owner] for owner in wanted & self._met.keys()]
        if unmet := wanted - self._met.keys():
            owned += await self._read(unmet)
        return {owner: key for (owner, _), key in (await self.unwrapped(owned)).items()}

    async def of(self, owners: Iterable[UUID]) -> Mapping[UUID, DataKey]:
        """Return the key of each of `owners`; who has none gets one.

        Raises `MasterKeyError`, and `UnreadableError` for a key that is there and does not unwrap: a second one would
        make what is sealed with the first unreadable for good.
        """
        wanted = set(owners)
        if not wanted:
            return {}
        found = await self.known(wanted)
        missing = wanted - found.keys()
        if missing:
            await self._make(missing)
            found = await self.known(wanted)
        if len(found) != len(wanted):
            raise UnreadableError
        return found

    async def hashed(self, column: Column[Any], value: str) -> bytes:
        """Return what stands in `column`, of the type `Hashed`, for a value.

        Raises `MasterKeyError` and `UnreadableError`.
        """
        owner = self._session.tenant_id
        return hashed_value(column.table, column.name, value, (await self.of([owner]))[owner])

    async def current(self) -> TenantKey:
        """Return the key that wraps the tenant's new data keys, made when there is none; it stays until the end.

        Raises `MasterKeyError` and `UnreadableError`.
        """
        rows = await self._session.run(statements.NEWEST, {})
        if not rows:
            await self.add_tenant_key(_FIRST)
            rows = await self._session.run(statements.NEWEST, {})
        return await self.tenant_key(rows[0]["version"], rows)

    async def add_tenant_key(self, version: int) -> None:
        """Make the tenant's key of that version, unless it is there. Raises `MasterKeyError`."""
        tenant_id = self._session.tenant_id
        wrapped = await self._service.master.wrap(os.urandom(KEY_BYTES), bound_of(tenant_id, version))
        await self.announce(wrapped.master)
        await self._session.run(
            statements.ADD_TENANT_KEY, {"version": version, "master": wrapped.master, "wrapped": wrapped.secret}
        )

    async def announce(self, master: str) -> None:
        """Let a master key be one that wraps here. Raises `MasterKeyError` for one that was taken out of use."""
        await self._session.run(statements.ADD_MASTER, {"name": master})
        # Held until the end: who takes it out of use waits for what is wrapped by it now, or was first.
        if not await self._session.run(statements.MASTER_IN_USE, {"name": master}):
            raise MasterKeyError(
                f"The master key {master} was taken out of use here: give this process the one that replaced it, and "
                "start it again."
            )

    async def tenant_key(self, version: int, rows: Sequence[Mapping[str, Any]] | None = None) -> TenantKey:
        """Return the tenant's key of that version; `rows` are where it stands, if they were read already.

        Raises `MasterKeyError`, and `UnreadableError` where there is none of that version or it does not unwrap.
        """
        tenant_id = self._session.tenant_id
        kept = self._service.tenant_keys.get((tenant_id, version))
        if kept is not None:
            return kept
        found = rows or await self._session.run(statements.TENANT_KEY, {"version": version})
        if not found:
            raise UnreadableError
        wrapped = Wrapped(str(found[0]["master"]), found[0]["wrapped"])
        secret = await self._service.master.unwrap(wrapped, bound_of(tenant_id, version))
        key = TenantKey(secret, tenant_id, version)
        self._service.tenant_keys.put((tenant_id, version), key)
        return key

    async def _read(self, owners: Iterable[UUID]) -> list[Owned]:
        rows = await self._session.run(statements.KEYS, {"owners": list(owners)})
        return [Owned(row["owner_id"], row["wrapped"]) for row in rows]

    async def _unwrapped(self, owned: Owned) -> DataKey | None:
        """Return a key, None for one that does not unwrap. Raises `MasterKeyError`."""
        try:
            key = await self.tenant_key(wrapped_by(owned.wrapped))
            made = DataKey(*key.unwrap(owned.wrapped, owned.owner_id))
        except UnreadableError:
            return None
        self._service.data_keys.put((self._session.tenant_id.bytes, *owned), made)
        return made

    async def _make(self, owners: Iterable[UUID]) -> None:
        key = await self.current()
        made = [(owner, key.wrap(os.urandom(KEY_BYTES), owner, _FIRST)) for owner in sorted(owners)]
        values = {"owners": [owner for owner, _ in made], "wrapped": [wrapped for _, wrapped in made]}
        await self._session.run(statements.ADD_KEYS, {**values, "tenant_key": key.version})


def bound_of(tenant_id: UUID, version: int) -> bytes:
    """Return what the wrapped key of a tenant is bound to."""
    return b"".join((b"sextrontgen tenant key 1\0", tenant_id.bytes, version.to_bytes(4, "big")))
