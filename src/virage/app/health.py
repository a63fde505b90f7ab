"""Liveness, readiness and metrics: three endpoints for operators."""

import hmac
from dataclasses import dataclass

import asyncpg

from virage.app.metrics import Metrics
from virage.platform.data import currency
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.era import FOREIGN, is_foreign
from virage.platform.data.migrate import missing
from virage.platform.settings.config import Config
from virage.platform.web.problems import Problem
from virage.platform.web.rehearsal import is_rehearsed_here
from virage.platform.web.routing import Request, Response, get, mount

_BEARER = "Bearer "


@get("/healthz", public=True, documented=False)
async def healthz() -> Response[str]:
    """Liveness: this process answers. It checks nothing else, so that a restart helps if it fails."""
    return Response("alive\n", media_type="text/plain")


@dataclass
class Readiness:
    """Whether this process accepts requests; `draining` is set after SIGTERM."""

    draining: bool = False


@get("/readyz", public=True, documented=False)
async def readyz(db: Database, config: Config, readiness: Readiness) -> Response[str]:
    """Readiness: migrations applied, rows and currency of this deployment, no end in progress."""
    reason = "this process ends" if readiness.draining else await _not_ready(db, config)
    return Response(f"{reason or 'ready'}\n", status_code=503 if reason else 200, media_type="text/plain")


async def _not_ready(db: Database, config: Config) -> str | None:
    try:
        async with db.connection() as conn:
            if lacking := await missing(conn, "expand"):
                return f"migrations are missing: {', '.join(lacking)}"
            if await is_foreign(conn):
                return FOREIGN
            return await currency.settle(conn, config.currency.code)
    except (Unavailable, asyncpg.UndefinedTableError):
        return "the database does not answer, or has no schema yet"


@get("/metrics", public=True, documented=False)
async def metrics_page(request: Request, config: Config, metrics: Metrics, db: Database) -> Response[bytes]:
    """The counters for Prometheus, with the bearer token of VIRAGE_METRICS_TOKEN.

    Without a token, only a demo answers, to its own machine.
    """
    if not _may_read(request, config):
        raise Problem("not_found")
    return Response(await metrics.exposition(db), media_type=metrics.media_type)


def _may_read(request: Request, config: Config) -> bool:
    if config.metrics_token is None:
        return is_rehearsed_here(config, request.scope)
    shown = request.headers.get("authorization", "")
    return hmac.compare_digest(shown.encode(), (_BEARER + config.metrics_token).encode())


router = mount("/", [healthz, readyz, metrics_page])
