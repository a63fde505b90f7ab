"""The web application and the jobs of all domains over an open database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

from virage.app.application import create_app
from virage.app.domains import MODULES, joined, parts_of
from virage.identity.people.types import revoked_principal
from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.data.queue import Jobs
from virage.platform.module import Process
from virage.platform.realtime.hub import Hub
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web import openapi
from virage.platform.web.guard import Credential, Principal
from virage.platform.web.http import Application


async def _anonymous(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [None for _ in credentials]


def build(config: Config, db: Database, clock: Clock) -> Application:
    """Return the web application of all domains over an open database."""
    tail = Tail(db)
    parts = parts_of(Process(config, db, clock, tail))
    hub = Hub(db, tail, [topic for part in parts.values() for topic in part.topics], revoked_principal)

    @asynccontextmanager
    async def streaming() -> AsyncIterator[None]:
        yield
        hub.close()
        await tail.close()

    return create_app(
        [router for module in MODULES for router in module.routers],
        config=config,
        db=db,
        clock=clock,
        authenticator=next(
            (part.authenticator for part in parts.values() if part.authenticator is not None), _anonymous
        ),
        dependencies=joined("dependency", {module: part.dependencies for module, part in parts.items()}),
        hub=hub,
        pages=joined("page", {module: part.pages for module, part in parts.items()}),
        gauges=[gauge for part in parts.values() for gauge in part.gauges],
        lifespan=[streaming, *(context for part in parts.values() for context in part.lifespan)],
    )


def openapi_document() -> bytes:
    """Return the OpenAPI document of all domains; needs no database."""
    nowhere = Config(secret="nothing is signed or opened with it", demo=True)  # noqa: S106 - not a secret
    app = build(nowhere, Database(cast("Any", None), "", "", 0), Clock())
    return openapi.document(app.served, app.state.hub.messages)


@asynccontextmanager
async def jobs_of(config: Config, db: Database, clock: Clock) -> AsyncIterator[Jobs]:
    """Return the jobs of all domains over an open database, and the contexts that are open while they run."""
    parts = parts_of(Process(config, db, clock, Tail(db)))
    jobs = Jobs()
    for register in (register for part in parts.values() for register in part.jobs):
        register(jobs)
    async with AsyncExitStack() as needed:
        for context in (context for part in parts.values() for context in part.lifespan):
            await needed.enter_async_context(context())
        yield jobs
