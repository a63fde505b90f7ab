"""The web application: its endpoints inside the edge, and the problem documents for exceptions."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from starlette.datastructures import State
from starlette.routing import Router as StarletteRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from virage.platform.data.batching import Overloaded
from virage.platform.data.database import OutOfReach, Unavailable
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.web.adapter import Addresses, Served, answer
from virage.platform.web.edge import Authenticate, Edge, Observe
from virage.platform.web.guard import current_visit
from virage.platform.web.limits import Limits
from virage.platform.web.problems import CONFLICT, Problem, document
from virage.platform.web.routing import Endpoint, Response
from virage.platform.web.security import headers

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 1

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class Application:
    """An ASGI application of these endpoints. Handlers get `principal` and each of `constants` by name.

    `statuses` are the HTTP statuses of refusal codes. `static` answers every address whose first segment no endpoint
    has. The contexts of `lifespan` are open while the server runs.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        constants: Mapping[str, Any],
        *,
        config: Config,
        authenticate: Authenticate,
        observe: Observe,
        statuses: Mapping[str, int],
        lifespan: Sequence[Lifespan],
        static: ASGIApp,
    ) -> None:
        limits = Limits()
        self.served = [Served(endpoint, constants, limits) for endpoint in endpoints]
        self.state = State()
        self._statuses = statuses
        self._edge = Edge(
            Addresses(self.served, self._refuse),
            static=static,
            owned=frozenset(endpoint.path.split("/", 2)[1] for endpoint in endpoints),
            authenticate=authenticate,
            headers=headers(secure=config.secure and not config.demo),  # no HSTS for the host of a demo
            secure_cookies=config.secure_cookies,
            refuse=self._refuse,
            observe=observe,
        )
        self._contexts = lifespan
        self._router = StarletteRouter(lifespan=lambda _: self.lifespan())

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Return the context that is open while the server runs."""
        async with AsyncExitStack() as stack:
            for context in self._contexts:
                await stack.enter_async_context(context())
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan protocol (ASGI)."""
        if scope["type"] == "lifespan":
            await self._router.lifespan(scope, receive, send)
        else:
            scope["app"] = self
            await self._edge(scope, receive, send)

    async def _refuse(self, error: Exception, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the problem document of an exception."""
        problem, visit = problem_of(error), scope["virage"]
        visit.code = problem.code
        status = self._statuses.get(problem.code, CONFLICT)
        body = msgspec.json.encode(document(problem, status, visit.request_id), enc_hook=str)
        await answer(send, Response(body, status_code=status, media_type=PROBLEM_JSON, headers=problem.headers))


def problem_of(error: Exception) -> Problem:
    """Return the problem of an exception; an unexpected one is logged and becomes `internal`."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OutOfReach):
        message = "It contains a timestamp, a number or a character that cannot be stored."
        return Problem("invalid", {"errors": [{"message": message}]})
    if isinstance(error, Overloaded):
        return Problem("overloaded", headers={"retry-after": str(RETRY_AFTER_S)})
    if isinstance(error, Unavailable):
        log.warning("database_unavailable", error=type(error.__cause__ or error).__name__)
        return Problem("unavailable", headers={"retry-after": str(RETRY_AFTER_S)})
    visit = current_visit.get(None)
    log.error("unexpected", request_id=visit.request_id if visit else None, exc_info=error)
    return Problem("internal")
