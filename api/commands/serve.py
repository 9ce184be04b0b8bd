"""Serving: one process, or several for production; the socket first, then the word that it is ready."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from api.app import create_app, database_settings, policy_of, token_keys
from api.commands.terminal import CommandError
from api.http.protocol import BoundedHttp
from api.keys import keys_of
from api.logs import set_up
from api.schema.build import build_schema
from api.sealing import trail_keys
from api.settings import Settings, SettingsError
from migrations.runner import newest
from tenants.connection import DatabaseUnavailableError
from tenants.database import Database, UnsafeRoleError
from tenants.keys.master import MasterKey
from tenants.keys.rotation import missing_masters

_GRACE_SECONDS = 15


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it, then finish the requests that have begun. `ready` is told the address.

    Raises `CommandError` for settings, a port, a role or a database that cannot be served with.
    """
    if problems := settings.problems():
        raise CommandError(*problems)
    try:
        master = keys_of(settings).master
    except SettingsError as error:
        raise CommandError(*error.problems) from None
    asyncio.run(_check(Database(database_settings(settings)), master))
    listener = _listen(settings.host, settings.port)
    address = _address(settings, listener.getsockname()[1])
    if settings.workers > 1:
        _serve_with_workers(settings, listener, lambda: ready(address))
        return
    try:
        app = create_app(settings, serving=True)
    except SettingsError as error:
        raise CommandError(*error.problems) from None
    set_up(readable=settings.in_development)
    _Server(_config(settings, app), lambda: ready(address)).run(sockets=[listener])


def _serve_with_workers(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    if Settings.read().database_url is None:
        raise CommandError("Several workers read their settings from the environment: set DATABASE_URL, not --data.")
    # The workers do this themselves; here it is said once, before any of them starts.
    try:
        token_keys(settings)
        trail_keys(settings)
        policy_of(build_schema(), settings)
    except SettingsError as error:
        raise CommandError(*error.problems) from None
    set_up(readable=settings.in_development)
    config = _config(settings, "api.app:production")
    ready()
    Multiprocess(config, sockets=[listener]).run()


def _config(settings: Settings, app: Starlette | str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_tls_proxy,
        http=BoundedHttp,
        ws="none",
        lifespan="on",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise CommandError(f"{host}:{port} cannot be listened on: {error.strerror}. Choose another port.") from None
    listener.set_inheritable(True)
    return listener


def _address(settings: Settings, port: int) -> str:
    scheme = "https" if settings.tls_certificate is not None else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{port}"


async def _check(database: Database, master: MasterKey) -> None:
    """Raise `CommandError` unless the database answers, has this program's schema and binds its role.

    And unless every master key is at hand that wraps something there.
    """
    try:
        await database.check_role()
        found = await database.revision()
        missing = await missing_masters(database, master) if found == newest() else []
    except UnsafeRoleError as error:
        raise CommandError(str(error)) from None
    except DatabaseUnavailableError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    if found != newest():
        raise CommandError(f"The database is at revision {found}, this program needs {newest()}: sextrontgen migrate")
    if missing:
        raise CommandError(
            f"The database's keys are wrapped by the master key {', '.join(missing)}, which is not the one given: give "
            "the right one, or what is sealed cannot be opened."
        )
