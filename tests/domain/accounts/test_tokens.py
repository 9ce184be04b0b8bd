"""Tokens: no bad one is accepted, whatever is wrong with it, and good ones are."""

import traceback
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from domain.accounts.keys import load_keys, new_key
from domain.accounts.tokens import Claims, InvalidTokenError, Tokens
from tenants.ids import TenantId
from tests.domain.accounts.bad_tokens import Make, bad_tokens
from tests.domain.accounts.forging import AUDIENCE, ISSUER, LONGEST, PERSON, SESSION, TENANT, Forge

BAD = bad_tokens()
FORGE = Forge()


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused_with_one_kind_of_error(make: Make) -> None:
    token = make(FORGE)
    with pytest.raises(InvalidTokenError) as caught:
        FORGE.tokens.verify(token)
    said = "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 100
    assert not token or token not in said


def test_there_are_many_kinds_of_bad_tokens_and_length_is_not_what_is_wrong_with_them() -> None:
    assert len(BAD) >= 120
    assert {name for name, make in BAD.items() if len(make(FORGE)) > 2048} == {
        "more characters than a token has",
        "a million characters",
    }


def test_the_forge_makes_good_tokens_where_nothing_is_changed() -> None:
    assert FORGE.tokens.verify(FORGE.token()).person_id == PERSON


def test_an_issued_token_says_who_it_was_issued_to() -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    token = FORGE.tokens.issue(TenantId(TENANT), PERSON, SESSION, until)
    assert FORGE.tokens.verify(token) == Claims(TenantId(TENANT), PERSON, SESSION, until)


def test_a_token_may_say_since_when_it_counts() -> None:
    claims = FORGE.claims()
    assert FORGE.tokens.verify(FORGE.token(claims={**claims, "nbf": claims["iat"]})).person_id == PERSON


def test_a_token_may_say_more_than_is_asked() -> None:
    token = FORGE.token(claims=FORGE.claims(scope="read", x={"deep": [1.5, None]}))
    assert FORGE.tokens.verify(token).person_id == PERSON


def test_a_token_may_live_exactly_as_long_as_allowed() -> None:
    claims = FORGE.claims()
    token = FORGE.token(claims={**claims, "exp": claims["iat"] + int(LONGEST.total_seconds())})
    assert FORGE.tokens.verify(token).person_id == PERSON


@pytest.mark.parametrize("seconds", [-1, 0, LONGEST.total_seconds() + 1])
def test_no_token_is_issued_that_would_not_be_accepted(seconds: float) -> None:
    with pytest.raises(ValueError, match="lives longer than now"):
        FORGE.tokens.issue(TenantId(TENANT), PERSON, SESSION, datetime.now(UTC) + timedelta(seconds=seconds))


def test_after_a_rotation_the_old_key_still_verifies_and_the_new_one_signs() -> None:
    old, new = new_key(), new_key()
    before = Tokens(load_keys(old), ISSUER, AUDIENCE, LONGEST)
    after = Tokens(load_keys(new + old), ISSUER, AUDIENCE, LONGEST)
    until = datetime.now(UTC) + timedelta(minutes=5)
    earlier = before.issue(TenantId(TENANT), PERSON, SESSION, until)
    assert after.verify(earlier).session_id == SESSION
    later = after.issue(TenantId(TENANT), PERSON, SESSION, until)
    assert jwt.get_unverified_header(later)["kid"] == load_keys(new).signing_name
    with pytest.raises(InvalidTokenError):
        before.verify(later)


def test_a_key_does_not_verify_under_the_name_of_another() -> None:
    first, second = new_key(), new_key()
    keys = load_keys(first + second)
    checker = Forge(keys=keys)
    token = checker.token(header=checker.header(kid=load_keys(second).signing_name))
    with pytest.raises(InvalidTokenError):
        checker.tokens.verify(token)
