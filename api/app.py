"""Wiring: settings, database, keys and schema become one application."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from graphql import GraphQLSchema
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route

from api.asking.matrix import warming
from api.document.documents import Documents
from api.gate import Gate
from api.http.answers import not_served
from api.http.graphiql import graphiql_routes
from api.http.graphql import GraphQLEndpoint
from api.http.health import Readiness, alive
from api.http.metrics import Metrics
from api.http.requests import Requests
from api.keys import keys_of
from api.logs import set_up
from api.policy_watch import watching
from api.reading.cursor import Cursors
from api.reading.declare import entities_of
from api.reading.reader import Reading
from api.schema import access_event, seat
from api.schema.build import build_schema, catalogue
from api.sealing import sealer_of, sealing
from api.settings import Settings, SettingsError
from authz.audit.changes import ChangeSeal
from authz.loading import PolicyError
from authz.mask import Masks
from authz.reloading import Reloader
from authz.tenant_rules.masks import TenantMasks
from domain.accounts.keys import KeyFileError, TokenKeys, load_keys
from domain.accounts.tokens import Tokens
from migrations.runner import newest
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.secret_files import SecretFileError, read_secret

DEMO_TOKENS_LAST = timedelta(days=30)


def database_settings(settings: Settings) -> DatabaseSettings:
    """Return where the database is and how long things may take there."""
    assert settings.database_url is not None
    return DatabaseSettings(
        url=settings.database_url.get_secret_value(),
        pool_size=settings.pool_size,
        pool_wait=settings.pool_wait,
        # The wait for a free connection is part of it.
        open_limit=max(1.5, settings.pool_wait + 0.5),
        statement_timeout=settings.statement_timeout,
        statement_cache=settings.statement_cache,
    )


def token_keys(settings: Settings) -> TokenKeys:
    """Return the keys in the settings' file. Raises `SettingsError`."""
    assert settings.token_keys is not None
    try:
        return load_keys(read_secret(settings.token_keys))
    except (SecretFileError, KeyFileError) as error:
        raise SettingsError([f"SEXTRONTGEN_TOKEN_KEYS: {error}"]) from None


def tokens(settings: Settings, keys: TokenKeys) -> Tokens:
    """Return the issuer and checker of access tokens; those of the demo may live longer, in development only."""
    longest = DEMO_TOKENS_LAST if settings.in_development else timedelta(minutes=10)
    return Tokens(keys, settings.issuer, settings.audience, longest)


def policy_of(schema: GraphQLSchema, settings: Settings) -> Reloader:
    """Return the policy in the settings' folder. Raises `SettingsError`: without a policy nothing starts."""
    try:
        return Reloader(settings.policy, catalogue(entities_of(schema)))
    except PolicyError as error:
        raise SettingsError([f"SEXTRONTGEN_POLICY {settings.policy}: {it}" for it in error.problems]) from None


def reading_of(schema: GraphQLSchema, settings: Settings, masks: Masks) -> Reading:
    """Return the reader's part that all requests share."""
    assert settings.token_keys is not None
    types = entities_of(schema)
    entities = {**types, **access_event.variants(types), **seat.variants(types)}
    # Every process of an installation has the same key file, so each opens the others' cursors.
    return Reading(entities, TenantMasks(masks), Cursors(read_secret(settings.token_keys)))


def change_seal(settings: Settings) -> ChangeSeal:
    """Return what makes the hashes of changed values."""
    assert settings.token_keys is not None
    return ChangeSeal(read_secret(settings.token_keys))


def create_app(settings: Settings, *, serving: bool = False) -> Starlette:
    """Return the application. Raises `SettingsError` with every setting that is missing or unsafe.

    `serving`: the process lives for it alone, so at its start memory is settled and every decision of the policy made,
    and it seals the trail.
    """
    if problems := settings.problems():
        raise SettingsError(problems)
    schema = build_schema()
    policy = policy_of(schema, settings)
    keys = keys_of(settings)
    database = Database(database_settings(settings), keys)
    # A connection of its own: the sealer neither waits for requests nor do they for it.
    apart = replace(database_settings(settings), pool_size=1, pool_wait=10, open_limit=10)
    sealer = sealer_of(Database(apart), settings)
    endpoint = GraphQLEndpoint(
        schema=schema,
        gate=Gate(schema, Documents(schema), settings.allows_introspection),
        database=database,
        tokens=tokens(settings, token_keys(settings)),
        reading=reading_of(schema, settings, policy.masks),
        changes=change_seal(settings),
        body_limit=settings.body_limit,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            await database.check_role()
            async with AsyncExitStack() as running:
                await running.enter_async_context(watching(policy))
                if serving:
                    await running.enter_async_context(_settled(endpoint.reading))
                    await running.enter_async_context(sealing(sealer, settings.seal_every))
                yield
        finally:
            await sealer.database.close()
            await database.close()

    routes: list[BaseRoute] = [
        Route("/graphql", endpoint.serve, methods=["GET", "POST"]),
        Route("/healthz", alive),
        Route("/readyz", Readiness(database, newest(), policy).serve),
        Route("/metrics", Metrics(policy, keys, sealer).serve),
    ]
    if settings.shows_graphiql:
        routes += [Route("/", _to_graphiql), *graphiql_routes()]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Requests, time_limit=settings.request_timeout)],
        exception_handlers={HTTPException: not_served},
    )
    # A redirection would lead wherever the Host header says.
    app.router.redirect_slashes = False
    return app


@asynccontextmanager
async def _settled(reading: Reading) -> AsyncIterator[None]:
    """Spare the collector what lives as long as the process, let it run less often, and warm the mask.

    A page of a thousand rows makes tens of thousands of objects that no cycle holds; with Python's own thresholds,
    looking for cycles among them and in the whole schema took more than half of such a request's time. The middle
    generation stays small: what is worked out for a tenant's rules is kept, and a late look at all of it at once
    made a tenant in a hundred wait for 80 ms (50,000 x 20; with 20,000 x 5 for 40 ms, and pages are as fast).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 100)
    async with warming(reading.masks.platform):
        yield


def production() -> Starlette:
    """Return the application of the environment, for each worker process of `sextrontgen serve`."""
    settings = Settings.read()
    set_up(readable=settings.in_development)
    return create_app(settings, serving=True)


async def _to_graphiql(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphiql")
