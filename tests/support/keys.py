"""The master key of the tests: one for all of them, for a template's data is opened by every process of a run."""

import base64

from tenants.keys.master import KeyText, LocalMasterKey
from tenants.keys.service import KeyService
from tests.support.sealing import MASTER_SECRET

MASTER_KEYS = base64.b64encode(MASTER_SECRET).decode()


def key_service() -> KeyService:
    """Return keys as a process of its own has them."""
    return KeyService(LocalMasterKey(KeyText(MASTER_KEYS, "the tests")))
