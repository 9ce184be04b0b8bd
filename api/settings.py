"""What the program is told from outside. This is the only reader of the environment.

`DATABASE_URL`, `MIGRATION_DATABASE_URL` and `BACKUP_DATABASE_URL` are named as hosting services name the first; all
others begin with `SEXTRONTGEN_`. `problems` says, in one line each, what is missing or unsafe for serving in
production.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.exposure import is_local, unsafe_certificate, unsafe_database
from authz.loading import POLICY_FOLDER

NO_MASTER_KEY = (
    "SEXTRONTGEN_MASTER_KEY is not set: a file with the key that wraps all others, made with "
    "'(umask 077; openssl rand -base64 32 > master-key)'; keep a copy elsewhere, for without it nothing sealed opens"
)


class Environment(StrEnum):
    """Where the program runs. Unless told otherwise it assumes that it matters."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class SettingsError(Exception):
    """A setting that cannot be used; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Every setting, with its default. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="SEXTRONTGEN_", extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Environment.PRODUCTION
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="the application's role",
    )
    migration_database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("MIGRATION_DATABASE_URL", "migration_database_url"),
        description="the role that owns the tables; only `migrate` uses it",
    )
    backup_database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("BACKUP_DATABASE_URL", "backup_database_url"),
        description="a role that row-level security does not bind; only `backup` and `restore` use it",
    )
    token_keys: Path | None = Field(
        default=None, description="a PEM file (0600): the first Ed25519 key signs, all verify"
    )
    master_key: Path | None = Field(
        default=None, description="a file (0600) of master keys, base64, one per line: the first wraps, all unwrap"
    )
    master_keys: SecretStr | None = Field(default=None, description="the same keys in the environment, commas between")
    trail_keys: Path | None = Field(
        default=None,
        description="a PEM file (0600): each private Ed25519 key signs the trail's checkpoints, public ones verify",
    )
    checkpoints: Path | None = Field(
        default=None, description="a folder outside the database where the trail's checkpoints are kept"
    )
    seal_every: float = Field(default=5.0, ge=0.1, le=60, description="how often new events are sealed")
    policy: Path = Field(default=POLICY_FOLDER, description="the folder of policy files; watched while serving")
    issuer: str = Field(
        default="sextrontgen", min_length=1, max_length=200, description="whose tokens these are (`iss`)"
    )
    audience: str = Field(
        default="sextrontgen", min_length=1, max_length=200, description="whom these tokens are for (`aud`)"
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_tls_proxy: bool = Field(
        default=False, description="a proxy in front ends TLS; needed to listen publicly without"
    )
    graphiql: bool | None = Field(default=None, description="the query page; on in development only, unless set")
    introspection: bool | None = Field(default=None, description="on in development only, unless set")
    pool_size: int = Field(default=10, ge=1, le=200)
    pool_wait: float = Field(default=1.0, gt=0, le=30)
    statement_timeout: float = Field(default=1.5, gt=0, le=60)
    statement_cache: int = Field(default=512, ge=0, le=10_000, description="0 behind PgBouncer in transaction mode")
    request_timeout: float = Field(default=10.0, gt=0, le=300)
    body_limit: int = Field(default=256 * 1024, ge=1024, le=16 * 1024 * 1024)

    @classmethod
    def read(cls, **given: object) -> Self:
        """Return the settings of the environment, `given` over them. Raises `SettingsError` naming each bad one."""
        try:
            return cls(**given)  # type: ignore[arg-type] # pydantic checks each by its field
        except ValidationError as error:
            raise SettingsError([f"{_name(problem['loc'])}: {problem['msg']}." for problem in error.errors()]) from None

    @property
    def in_development(self) -> bool:
        """Whether this is a place for trying things."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def shows_graphiql(self) -> bool:
        """Whether the query page is served."""
        return self.in_development if self.graphiql is None else self.graphiql

    @property
    def allows_introspection(self) -> bool:
        """Whether the schema may be asked for."""
        return self.in_development if self.introspection is None else self.introspection

    def problems(self) -> list[str]:
        """Return what keeps a server from being started on these settings, a line each."""
        return [*self._missing(), *self._unsafe()]

    def _missing(self) -> Iterator[str]:
        if self.database_url is None:
            yield "DATABASE_URL is not set: postgresql://sextrontgen_app:...@host/database?sslmode=verify-full"
        if self.token_keys is None:
            yield (
                "SEXTRONTGEN_TOKEN_KEYS is not set: a file with an Ed25519 key, made with "
                "'openssl genpkey -algorithm ed25519 -out token-keys.pem' and 'chmod 600 token-keys.pem'"
            )
        if self.master_key is None and self.master_keys is None:
            yield NO_MASTER_KEY
        if self.master_key is not None and self.master_keys is not None:
            yield "SEXTRONTGEN_MASTER_KEY and SEXTRONTGEN_MASTER_KEYS are both set: choose one"
        if self.trail_keys is None:
            yield (
                "SEXTRONTGEN_TRAIL_KEYS is not set: a file with the Ed25519 key that signs the trail, made with "
                "'(umask 077; openssl genpkey -algorithm ed25519 -out trail-keys.pem)'"
            )
        if self.checkpoints is None:
            yield (
                "SEXTRONTGEN_CHECKPOINTS is not set: a folder for the trail's signed checkpoints, on another machine "
                "than the database, so that one that was cut or set back is noticed"
            )
        if (self.tls_certificate is None) != (self.tls_key is None):
            yield "SEXTRONTGEN_TLS_CERTIFICATE and SEXTRONTGEN_TLS_KEY go together: set both or neither"

    def _unsafe(self) -> Iterator[str]:
        if not is_local(self.host) and self.tls_certificate is None and not self.behind_tls_proxy:
            yield (
                f"SEXTRONTGEN_HOST {self.host} is public and nothing encrypts it: set SEXTRONTGEN_TLS_CERTIFICATE and "
                "SEXTRONTGEN_TLS_KEY, or SEXTRONTGEN_BEHIND_TLS_PROXY=true when a proxy in front does it"
            )
        if self.tls_certificate is not None and self.tls_key is not None:
            for problem in unsafe_certificate(self.tls_certificate, self.tls_key):
                yield f"SEXTRONTGEN_TLS_CERTIFICATE and SEXTRONTGEN_TLS_KEY cannot be used: {problem}"
        if self.database_url is not None:
            for problem in unsafe_database(self.database_url.get_secret_value()):
                yield f"DATABASE_URL {problem}"


def _name(location: tuple[int | str, ...]) -> str:
    field = str(location[0]) if location else "settings"
    return field.upper() if "DATABASE_URL" in field.upper() else f"SEXTRONTGEN_{field.upper()}"
