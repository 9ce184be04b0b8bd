"""What every master key has to do: a new implementation is held against this in a test of its own.

async def test_it_keeps_its_promises() -> None:
    await conforms(MyMasterKey(...), MyMasterKey(of_another_key))
"""

import contextlib
import os
import re

import pytest

from tenants.keys.cells import UnreadableError
from tenants.keys.master import MasterKey, MasterKeyError, Wrapped


async def conforms(master: MasterKey, stranger: MasterKey) -> None:
    """Hold `master` against its promises; `stranger` is one with other keys."""
    await _names(master, stranger)
    await _wraps(master)
    await _refuses(master, stranger)


async def _names(master: MasterKey, stranger: MasterKey) -> None:
    names = master.names()
    assert names
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9:/._-]{1,200}", name) for name in names)
    assert not set(names) & set(stranger.names())


async def _wraps(master: MasterKey) -> None:
    for bound in (b"", b"a", b"b" * 200):
        secret = os.urandom(32)
        wrapped = await master.wrap(secret, bound)
        assert wrapped.master == master.names()[0]
        assert len(wrapped.secret) <= 4096
        assert secret not in wrapped.secret
        assert await master.unwrap(wrapped, bound) == secret
        assert await master.wrap(secret, bound) != wrapped


async def _refuses(master: MasterKey, stranger: MasterKey) -> None:
    secret = os.urandom(32)
    wrapped = await master.wrap(secret, b"here")
    foreign = await stranger.wrap(secret, b"here")
    damaged = [
        wrapped.secret[:at] + bytes([wrapped.secret[at] ^ 1]) + wrapped.secret[at + 1 :]
        for at in range(len(wrapped.secret))
    ]
    for other in [*damaged, b"", foreign.secret]:
        with pytest.raises(UnreadableError):
            await master.unwrap(Wrapped(wrapped.master, other), b"here")
    for bound in (b"", b"there"):
        with pytest.raises(UnreadableError):
            await master.unwrap(wrapped, bound)
    with pytest.raises(MasterKeyError) as caught:
        await master.unwrap(foreign, b"here")
    assert secret.hex() not in str(caught.value) + repr(master)
    with contextlib.suppress(UnreadableError, MasterKeyError):
        assert await master.unwrap(Wrapped(master.names()[-1], foreign.secret), b"here") != secret
