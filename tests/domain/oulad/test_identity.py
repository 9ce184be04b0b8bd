"""People whom the data set knows by a number get a name and an address that follow from the number alone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from domain.oulad import identity as module
from domain.oulad.identity import STAFF, STUDENTS, identity
from domain.oulad.problems import OuladError


@pytest.fixture
def no_names() -> Iterator[None]:
    module._names.cache_clear()
    yield
    module._names.cache_clear()


def test_addresses_are_unique_ascii_and_lower_case() -> None:
    addresses = [identity(str(number), STUDENTS).email for number in range(3000)]
    assert len(set(addresses)) == 3000
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\.\d+@students\.open-university\.example", each) for each in addresses)


def test_names_are_many_and_spelled_as_in_the_address() -> None:
    people = [identity(str(number), STUDENTS) for number in range(3000)]
    assert len({each.name for each in people}) > 2900
    assert all(each.email.startswith(each.name.lower().replace(" ", ".") + ".") for each in people)


def test_every_process_gives_the_same_person_the_same_identity() -> None:
    script = "from domain.oulad.identity import STAFF, identity; print(identity('BBB', STAFF).email)"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        assert done.stdout.decode().strip() == identity("BBB", STAFF).email


def test_without_the_generator_of_names_the_error_says_what_to_install(
    no_names: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mimesis", None)
    with pytest.raises(OuladError, match="install sextrontgen with its extra `embedded`"):
        identity("1", STUDENTS)
