"""A web application of routers: Litestar with everything off that Virage does not use, inside one lean edge."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import msgspec
from litestar import Litestar, Request
from litestar.events import BaseEventEmitterBackend
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Server
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Send

from virage.platform.data.batching import Overloaded
from virage.platform.data.database import OutOfReach, Unavailable
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.web.dispatch import Dispatch
from virage.platform.web.edge import Authenticate, Edge, Observe
from virage.platform.web.guard import current_visit
from virage.platform.web.inject import prepared
from virage.platform.web.lean import LeanRequest, LeanResponse, allowed, compile_guards
from virage.platform.web.limits import Limits
from virage.platform.web.problems import CONFLICT, Problem, document
from virage.platform.web.security import headers

BODY_BYTES_MAX = 64_000
PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 1

_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}
_SERVER_ERROR = 500
_LITESTAR_OPENAPI = "/litestar"  # Litestar's own pages for the document; the edge does not let anybody in

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class _NoEvents(BaseEventEmitterBackend):
    """Litestar's events are not used, and neither is the task that would wait for them."""

    def emit(self, event_id: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing."""


def assemble(
    routers: Sequence[ControllerRouterHandler],
    constants: Mapping[str, Any],
    *,
    config: Config,
    authenticate: Authenticate,
    observe: Observe,
    statuses: Mapping[str, int],
    lifespan: Sequence[Lifespan],
    static: ASGIApp,
) -> Litestar:
    """Return the application of these routers. Handlers get `principal` and each of `constants` by name.

    `statuses` are the HTTP statuses of refusal codes.
    """

    def answered(error: Exception, scope: Any) -> LeanResponse:
        problem, visit = problem_of(error), scope["virage"]
        visit.code = problem.code
        status = statuses.get(problem.code, CONFLICT)
        body = msgspec.json.encode(document(problem, status, visit.request_id), enc_hook=str)
        return LeanResponse(body, status_code=status, media_type=PROBLEM_JSON, headers=problem.headers)

    def answer_problem(request: Request[Any, Any, Any], error: Exception) -> LeanResponse:
        return answered(error, request.scope)

    async def refuse(error: Exception, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a problem from outside the application."""
        await answered(error, scope).to_asgi_response(app=None, request=Request(scope))(scope, receive, send)

    app = Litestar(
        route_handlers=[prepared(item, constants) for item in routers],
        exception_handlers={Exception: answer_problem},
        request_class=LeanRequest,
        response_class=LeanResponse,
        request_max_body_size=BODY_BYTES_MAX,
        lifespan=[_once(context) for context in lifespan],
        event_emitter_backend=_NoEvents,
        logging_config=None,
        debug=False,
        openapi_config=_openapi(),
    )
    compile_guards(app, Limits())
    app.asgi_handler = Edge(
        Dispatch(app, app.asgi_handler, refuse),
        static=static,
        owned=frozenset(route.path.split("/", 2)[1] for route in app.routes) - {_LITESTAR_OPENAPI[1:]},
        authenticate=authenticate,
        headers=headers(secure=config.secure and not config.demo),  # a demo would lock its host to HTTPS for a year
        secure_cookies=config.secure_cookies,
        refuse=refuse,
        observe=observe,
    )
    return app


def problem_of(error: Exception) -> Problem:
    """Return what to answer for whatever was raised; what nobody expected is logged and told as `internal`."""
    if isinstance(error, OutOfReach):
        error = ValidationException("A moment, a number or a character in it cannot be stored.")
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationException):
        return Problem("invalid", {"errors": error.extra or [{"message": error.detail}]})
    if isinstance(error, HTTPException) and error.status_code < _SERVER_ERROR:
        code = _CODES.get(error.status_code, "invalid")
        sent = dict(error.headers or {})
        if "allow" in sent:
            sent["allow"] = allowed(sent["allow"].split(", "))
        return Problem(code, detail=error.detail or None, headers=sent)
    if isinstance(error, Overloaded):
        return Problem("overloaded", headers={"retry-after": str(RETRY_AFTER_S)})
    if isinstance(error, Unavailable):
        log.warning("database_unavailable", error=type(error.__cause__ or error).__name__)
        return Problem("unavailable", headers={"retry-after": str(RETRY_AFTER_S)})
    visit = current_visit.get(None)
    log.error("unexpected", request_id=visit.request_id if visit else None, exc_info=error)
    return Problem("internal")


def _once(context: Lifespan) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    return lambda _app: context()


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Virage",
        version="1",
        path=_LITESTAR_OPENAPI,
        servers=[Server(url="/")],
        render_plugins=[JsonRenderPlugin()],
        operation_id_creator=_operation_id,
        use_handler_docstrings=True,
    )


def _operation_id(handler: HTTPRouteHandler, *_: Any) -> str:
    return handler.handler_name
