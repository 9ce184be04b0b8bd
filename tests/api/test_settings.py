"""Settings: what is missing or unsafe is one line that names the variable and the way out, and no secret is in it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from api.app import create_app, database_settings
from api.exposure import is_local
from api.settings import Settings, SettingsError

SECRET = "canary-7f3a"
URL = f"postgresql://sextrontgen_app:{SECRET}@localhost/db"
Make = Callable[..., Settings]


def problems(settings: Settings) -> list[str]:
    """Return the problems, each checked for what every one of them is."""
    found = settings.problems()
    for line in found:
        assert "\n" not in line
        assert SECRET not in line
        assert line.startswith(("SEXTRONTGEN_", "DATABASE_URL"))
    return found


def test_production_hides_the_schema_and_the_page_unless_told_otherwise(settings: Make) -> None:
    default = settings()
    assert (default.in_development, default.shows_graphiql, default.allows_introspection) == (False, False, False)
    told = settings(graphiql=True, introspection=True)
    assert (told.shows_graphiql, told.allows_introspection) == (True, True)
    trying = settings(environment="development")
    assert (trying.shows_graphiql, trying.allows_introspection) == (True, True)
    hidden = settings(environment="development", graphiql=False, introspection=False)
    assert (hidden.shows_graphiql, hidden.allows_introspection) == (False, False)


def test_good_settings_have_no_problems(settings: Make) -> None:
    assert problems(settings()) == []


def test_nothing_set_is_a_line_for_each_thing_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    named = ("TOKEN_KEYS", "MASTER_KEY", "TRAIL_KEYS", "CHECKPOINTS")
    missing = ["DATABASE_URL", *(f"SEXTRONTGEN_{name}" for name in named)]
    for name in (*missing, "SEXTRONTGEN_MASTER_KEYS"):
        monkeypatch.delenv(name, raising=False)
    found = problems(Settings.read())
    assert [line.split()[0] for line in found] == missing
    assert all("is not set" in line for line in found)
    with pytest.raises(SettingsError) as caught:
        create_app(Settings.read())
    assert caught.value.problems == found


def test_the_master_keys_stand_in_one_place(settings: Make, tmp_path: Path) -> None:
    assert problems(settings(master_keys=None, master_key=tmp_path / "master-key")) == []
    (line,) = problems(settings(master_key=tmp_path / "master-key"))
    assert line == "SEXTRONTGEN_MASTER_KEY and SEXTRONTGEN_MASTER_KEYS are both set: choose one"


def test_a_master_key_that_is_none_keeps_a_server_from_being_made(settings: Make) -> None:
    with pytest.raises(SettingsError, match="SEXTRONTGEN_MASTER_KEYS holds something that is no master key") as caught:
        create_app(settings(master_keys=SECRET))
    assert SECRET not in str(caught.value)


BAD_VALUES = {
    "SEXTRONTGEN_ENVIRONMENT": "canary-7f3a",
    "SEXTRONTGEN_PORT": "canary-7f3a",
    "SEXTRONTGEN_WORKERS": "0",
    "SEXTRONTGEN_GRAPHIQL": "canary-7f3a",
    "SEXTRONTGEN_INTROSPECTION": "",
    "SEXTRONTGEN_BEHIND_TLS_PROXY": "canary-7f3a",
    "SEXTRONTGEN_POOL_SIZE": "1e9",
    "SEXTRONTGEN_POOL_WAIT": "nan",
    "SEXTRONTGEN_STATEMENT_TIMEOUT": "inf",
    "SEXTRONTGEN_REQUEST_TIMEOUT": "-1",
    "SEXTRONTGEN_BODY_LIMIT": "99999999999",
    "SEXTRONTGEN_STATEMENT_CACHE": "-1",
    "SEXTRONTGEN_ISSUER": "",
    "SEXTRONTGEN_AUDIENCE": "x" * 201,
}


@pytest.mark.parametrize(("name", "value"), BAD_VALUES.items())
def test_a_value_that_cannot_be_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    (line,) = caught.value.problems
    assert line.startswith(f"{name}: ")
    assert SECRET not in line
    assert caught.value.__cause__ is None
    assert str(caught.value) == line


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BAD_VALUES.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    assert {line.partition(":")[0] for line in caught.value.problems} == set(BAD_VALUES)


def test_settings_show_no_secret(settings: Make) -> None:
    made = settings(database_url=URL, migration_database_url=URL)
    for shown in (repr(made), str(made), made.model_dump_json(), repr(database_settings(made))):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"postgres://u:{SECRET}@127.0.0.1:5432/db",
        f"postgresql://u:{SECRET}@[::1]:5432/db",
        f"postgresql://u:{SECRET}@/db?host=/run/postgresql",
        f"postgresql://u:{SECRET}@%2Frun%2Fpostgresql/db",
        f"postgresql://u:{SECRET}@LOCALHOST,127.0.0.1:5433/db",
        f"postgresql://u:{SECRET}@db.example/db?sslmode=verify-full",
        f"postgresql://u:{SECRET}@db.example:6432,db2.example/db?sslmode=verify-ca",
    ],
)
def test_an_address_that_is_local_or_checked_is_taken(settings: Make, url: str) -> None:
    assert problems(settings(database_url=url)) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "begins with postgresql://"),
        (SECRET, "begins with postgresql://"),
        (f"mysql://u:{SECRET}@localhost/db", "begins with postgresql://"),
        (f"postgresql+asyncpg://u:{SECRET}@localhost/db", "begins with postgresql://"),
        (f"postgresql://u:{SECRET}@[::1/db", "not a valid address"),
        (f"postgresql://u:{SECRET}@evil@localhost/db", "not a valid address"),
        (f"postgresql://u:{SECRET}@localhost/db?sslmode", "not a valid address"),
        (f"postgresql://u:{SECRET}@/db", "names no host"),
        (f"postgresql:///db?user=u&password={SECRET}", "names no host"),
        (f"postgresql://u:{SECRET}@db.example/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@10.0.0.1/db?sslmode=require", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@db.example/db?sslmode=prefer", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@db.example/db?sslmode=verify-full&sslmode=disable", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@localhost:5432,db.example:5432/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@localhost%2Cdb.example/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@/db?host=/run/postgresql,db.example", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@/db?host=localhost&host=db.example", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@localhost.evil.example/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@127.0.0.1.evil.example/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@0.0.0.0/db", "sslmode=verify-full"),
        (f"postgresql://u:{SECRET}@localhost/db?service=x", "leaves its host to service"),
        (f"postgresql://u:{SECRET}@localhost/db?hostaddr=10.0.0.1", "leaves its host to hostaddr"),
    ],
)
def test_an_address_that_is_not_is_refused(settings: Make, url: str, says: str) -> None:
    (line,) = problems(settings(database_url=url))
    assert line.startswith("DATABASE_URL ")
    assert says in line
    assert "evil" not in line
    assert "db.example" not in line


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "", "127.0.0.1.evil.example"])
def test_a_public_host_without_tls_is_refused(settings: Make, host: str) -> None:
    (line,) = problems(settings(host=host))
    assert line.startswith("SEXTRONTGEN_HOST")
    assert "SEXTRONTGEN_TLS_CERTIFICATE" in line
    assert problems(settings(host=host, behind_tls_proxy=True)) == []
    assert len(problems(settings(host=host, environment="development"))) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_what_is_reached_from_this_machine_only_needs_no_tls(settings: Make, host: str) -> None:
    assert is_local(host)
    assert problems(settings(host=host)) == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    paths[1].chmod(0o600)
    return paths


def test_a_certificate_and_its_key_make_a_public_host_safe(settings: Make, certificate: tuple[Path, Path]) -> None:
    made = settings(host="0.0.0.0", tls_certificate=certificate[0], tls_key=certificate[1])
    assert problems(made) == []


def test_a_certificate_that_cannot_be_used_is_refused(
    settings: Make, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    good, key = certificate
    other = tmp_path / "other.pem"
    other.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for chosen, says in (
        ((good, None), "go together"),
        ((None, key), "go together"),
        ((good, tmp_path / "none"), "cannot be read"),
        ((tmp_path / "none", key), "cannot be read"),
        ((good, good), "chmod 600"),
        ((good, other), "chmod 600"),
        ((key, key), "not a certificate"),
    ):
        found = problems(settings(tls_certificate=chosen[0], tls_key=chosen[1]))
        assert found
        assert says in found[0]
    other.chmod(0o600)
    (line,) = problems(settings(tls_certificate=good, tls_key=other))
    assert "not a certificate and its unencrypted key" in line


def test_a_key_file_that_is_none_is_refused(settings: Make, tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def refused() -> str:
        with pytest.raises(SettingsError) as caught:
            create_app(settings(token_keys=path))
        (line,) = caught.value.problems
        assert line.startswith("SEXTRONTGEN_TOKEN_KEYS: ")
        assert SECRET not in line
        assert caught.value.__cause__ is None
        return line

    assert "cannot be read" in refused()
    path.write_bytes(SECRET.encode())
    path.chmod(0o644)
    assert "chmod 600" in refused()
    path.chmod(0o640)
    assert "chmod 600" in refused()
    path.chmod(0o600)
    assert "BEGIN PRIVATE KEY" in refused()
    path.write_bytes(rsa.generate_private_key(65537, 2048).private_bytes(*plain))
    assert "openssl genpkey -algorithm ed25519" in refused()
    path.write_bytes(b"x" * 100_000)
    assert "larger than" in refused()
    path.unlink()
    path.mkdir()
    refused()


def test_importing_the_application_reads_no_setting() -> None:
    code = "import api.app, api.cli"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={"SEXTRONTGEN_PORT": "nonsense", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
