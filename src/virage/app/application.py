"""The web application of given routers, with the platform's own endpoints, metrics and sessions."""

from collections.abc import Mapping, Sequence
from typing import Any

from virage.app.dead_letters import router as dead_letters
from virage.app.domains import REFUSALS
from virage.app.health import Readiness
from virage.app.health import router as health
from virage.app.metrics import Metrics
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.data.gauges import Gauge
from virage.platform.realtime.following import stream
from virage.platform.realtime.hub import Hub
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web import openapi
from virage.platform.web.club import router as club
from virage.platform.web.guard import Authenticator, Credential, Principal
from virage.platform.web.http import Application, Lifespan
from virage.platform.web.routing import Request, Router, get, mount
from virage.platform.web.static import FileResponse, PageExists, Static


def create_app(
    routers: Sequence[Router],
    *,
    config: Config,
    db: Database,
    clock: Clock,
    authenticator: Authenticator,
    dependencies: Mapping[str, Any] | None = None,
    lifespan: Sequence[Lifespan] = (),
    hub: Hub | None = None,
    static: Static | None = None,
    pages: Mapping[str, PageExists] | None = None,
    gauges: Sequence[Gauge] = (),
) -> Application:
    """Return the application. Handlers get `db`, `clock`, `config`, `principal` and each of `dependencies` by name."""
    sessions = Batcher[Credential, Principal | None](authenticator, batch_max=512)
    batchers = {name: value for name, value in (dependencies or {}).items() if isinstance(value, Batcher)}
    metrics = Metrics(batchers | {"sessions": sessions}, hub, gauges)
    own = {"db": db, "clock": clock, "config": config, "hub": hub, "metrics": metrics}
    own |= {"api_document": openapi.ApiDocument(), "readiness": (readiness := Readiness())}
    app = Application(
        mount("", [*routers, stream, club, health, dead_letters, openapi_document]),
        own | dict(dependencies or {}),
        config=config,
        authenticate=sessions.submit,
        observe=metrics.observe,
        statuses=REFUSALS,
        lifespan=lifespan,
        static=static or Static(pages=pages),
    )
    app.state.hub, app.state.readiness = hub, readiness
    return app


@get("/api/openapi.json", public=True, documented=False)
async def openapi_document(request: Request, api_document: openapi.ApiDocument, hub: Hub | None) -> FileResponse:
    """The OpenAPI document of all routes."""
    return FileResponse(await api_document.file(request.app.served, hub.messages if hub else {}))
