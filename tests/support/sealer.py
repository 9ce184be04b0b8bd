"""A sealer for tests: its keys, and checkpoints kept in memory."""

from pathlib import Path

from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointStoreError
from tenants.database import Database
from tenants.ids import TenantId
from tenants.secret_files import write_secret
from tenants.signing_files import load_signing_keys, new_key

TRAIL_KEY = new_key()
KEYS = load_signing_keys(TRAIL_KEY)


class KeptInMemory:
    """Keeps checkpoints as long as the test lasts; while `broken`, none."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.broken = False

    async def put(self, name: str, content: bytes) -> None:
        """Keep `content`."""
        if self.broken:
            raise CheckpointStoreError("It is full.")
        if self.kept.setdefault(name, content) != content:
            raise CheckpointStoreError("It has another.")


def sealer_of(database: Database, store: KeptInMemory | None = None) -> Sealer:
    """Return a sealer with the tests' key."""
    return Sealer(database, lambda: KEYS, store or KeptInMemory())


async def seal(database: Database, tenant_id: TenantId) -> int:
    """Seal what waits of a tenant; return how many events."""
    return await sealer_of(database).seal(tenant_id, KEYS)


def trail_beside(key_file: Path) -> dict[str, Path]:
    """Return the settings of a trail whose keys and checkpoints lie beside `key_file`, made when they are not there."""
    keys = key_file.with_name("trail-keys.pem")
    if not keys.exists():
        write_secret(keys, TRAIL_KEY)
    return {"trail_keys": keys, "checkpoints": key_file.with_name("checkpoints")}
