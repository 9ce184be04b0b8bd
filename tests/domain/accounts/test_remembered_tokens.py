"""A token that was proven is not proven again, and is never accepted where it would not be when proven anew."""

import gc
import time
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

import jwt
import jwt.api_jwt
import pytest

import domain.accounts.tokens
from domain.accounts.keys import load_keys, new_key
from domain.accounts.tokens import InvalidTokenError, Tokens
from tests.domain.accounts.bad_tokens import bad_tokens
from tests.domain.accounts.forging import Forge

FORGE = Forge()


class Clock:
    """A clock that stands still, and the count of the proofs."""

    def __init__(self) -> None:
        self.at = float(int(time.time()))
        self.proofs = 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock of whoever asks for the time here, and count what is proven."""
    made = Clock()

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # a plain one, as the real clock's
            return datetime.fromtimestamp(made.at, tz)

    def counted(*given: Any, **named: Any) -> Any:
        made.proofs += 1
        return prove(*given, **named)

    prove = jwt.decode
    monkeypatch.setattr(domain.accounts.tokens, "datetime", Standing)
    monkeypatch.setattr(jwt.api_jwt, "datetime", Standing)
    monkeypatch.setattr(jwt, "decode", counted)
    return made


@pytest.fixture
def tokens() -> Tokens:
    """Give a checker that has proven nothing yet."""
    return FORGE.tokens


def token(clock: Clock, **times: int) -> str:
    """Return a good token; `times` are seconds from now."""
    claims = FORGE.claims(iat=int(clock.at) - 1, exp=int(clock.at) + 300)
    return FORGE.token(claims={**claims, **{name: int(clock.at) + seconds for name, seconds in times.items()}})


def test_a_token_is_proven_once(clock: Clock, tokens: Tokens) -> None:
    good = token(clock)
    said = [tokens.verify(good) for _ in range(5)]
    assert clock.proofs == 1
    assert said.count(said[0]) == 5
    assert said[0] == replace(tokens).verify(good)


def test_a_token_that_expired_after_it_was_proven_is_refused(clock: Clock, tokens: Tokens) -> None:
    good = token(clock, exp=300)
    tokens.verify(good)
    clock.at += 299.999999
    tokens.verify(good)
    assert clock.proofs == 1
    clock.at = float(int(clock.at) + 1)
    with pytest.raises(InvalidTokenError, match="ExpiredSignatureError"):
        tokens.verify(good)
    with pytest.raises(InvalidTokenError, match="ExpiredSignatureError"):
        tokens.verify(good)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_is_refused_when_the_clock_goes_back_before_it_counts(clock: Clock, tokens: Tokens, name: str) -> None:
    good = token(clock, **{"iat": -60, name: -10})
    tokens.verify(good)
    clock.at -= 10
    tokens.verify(good)
    assert clock.proofs == 1
    clock.at -= 1
    with pytest.raises(InvalidTokenError, match="ImmatureSignatureError"):
        tokens.verify(good)
    clock.at += 1
    tokens.verify(good)


@pytest.mark.parametrize("name", ["iat", "nbf", "exp"])
def test_what_was_proven_counts_in_the_very_moments_in_which_it_would_be_proven(
    clock: Clock, tokens: Tokens, name: str
) -> None:
    good = token(clock, **{"iat": -60, "exp": 60, "nbf": -60, name: 0 if name == "exp" else -1})
    now, clock.at = clock.at, clock.at - 0.5
    tokens.verify(good)
    for shift in (-1.000001, -1, -0.999999, -0.000001, 0, 0.000001, 1):
        clock.at = now + shift
        anew = remembered = True
        try:
            replace(tokens).verify(good)
        except InvalidTokenError:
            anew = False
        try:
            tokens.verify(good)
        except InvalidTokenError:
            remembered = False
        assert remembered == anew, shift
        clock.at = now - 0.5
        tokens.verify(good)


def test_other_keys_another_issuer_and_another_audience_start_anew(clock: Clock, tokens: Tokens) -> None:
    good = token(clock)
    tokens.verify(good)
    for other in (
        replace(tokens, keys=load_keys(new_key())),
        replace(tokens, issuer="another"),
        replace(tokens, audience="another"),
        replace(tokens, longest=timedelta(seconds=1)),
    ):
        with pytest.raises(InvalidTokenError):
            other.verify(good)
    tokens.verify(good)
    assert clock.proofs == 4  # a key that is not there proves nothing; the last was remembered


def test_no_token_that_differs_in_one_bit_is_taken_for_it(clock: Clock, tokens: Tokens) -> None:
    good = token(clock)
    tokens.verify(good)
    for place in range(len(good)):
        for bit in range(7):
            changed = good[:place] + chr(ord(good[place]) ^ 1 << bit) + good[place + 1 :]
            before = clock.proofs
            try:
                tokens.verify(changed)
            except InvalidTokenError:
                continue
            # Base64 has bits that say nothing: the same token in other letters, and proven as such.
            assert clock.proofs == before + 1, place


def test_what_proves_nothing_is_not_remembered(tokens: Tokens) -> None:
    for make in bad_tokens().values():
        bad = make(FORGE)
        for _ in range(2):
            with pytest.raises(InvalidTokenError):
                tokens.verify(bad)
    assert len(tokens._remembered._proven) == 0


def test_no_more_are_remembered_than_there_may_be_and_the_longest_unasked_goes(
    clock: Clock, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain.accounts.tokens, "_MOST_REMEMBERED", 3)
    first, second, third, fourth = (token(clock, exp=300 + number) for number in range(4))
    for one in (first, second, third, first, fourth):
        tokens.verify(one)
    assert (len(tokens._remembered._proven), clock.proofs) == (3, 4)
    for one in (first, third, fourth):
        tokens.verify(one)
    assert clock.proofs == 4
    tokens.verify(second)
    assert clock.proofs == 5


def test_the_bound_is_a_few_thousand() -> None:
    assert domain.accounts.tokens._MOST_REMEMBERED == 4096


def test_no_token_is_kept_or_shown(clock: Clock, tokens: Tokens) -> None:
    good = token(clock)
    tokens.verify(good)
    kept, reached = [tokens._remembered], set()
    while kept:
        one: Any = kept.pop()
        if id(one) not in reached and not isinstance(one, type):
            reached.add(id(one))
            assert not (isinstance(one, str) and one in good and len(one) > 20)
            assert not (isinstance(one, bytes) and one in good.encode())
            kept.extend(gc.get_referents(one))
    assert good not in repr(tokens)
    assert "_remembered" not in repr(tokens)
