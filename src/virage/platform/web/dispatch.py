"""The direct way to a handler: one walk to find it, one decoding of the body, one encoding of the answer.

Litestar stays the framework: it parses the handlers, describes them, and serves everything that wants more than this
(query parameters, streams, files, a wrong address). What asks for a path's ids, a JSON body and what the platform
provides, which is nearly all, and all that a whole ground does at once, goes here
(docs/decisions/0009-a-direct-way-to-a-handler.md).
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.types import ASGIApp

from virage.platform.web import guard as guards
from virage.platform.web.inject import BODY_DECODER
from virage.platform.web.lean import GUARDS, LeanRequest, answer, decoded, handlers, read_body

_PARSERS: dict[str, Callable[[str], Any]] = {"uuid": UUID, "str": str}

Refuse = Callable[[Exception, Any, Any, Any], Awaitable[None]]


class _Node:
    """One segment of the paths: what follows it, by its text, or as a parameter."""

    __slots__ = ("literal", "parameter", "parse", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.parse: Callable[[str], Any] | None = None
        self.routes: dict[str, _Route] = {}


class _Route:
    """All that is known of a handler before anybody asks."""

    __slots__ = ("body_max", "decode", "handler", "is_light", "names", "needs_request", "run", "template")

    def __init__(self, handler: HTTPRouteHandler, template: str, names: list[str]) -> None:
        self.handler = handler
        self.template = template
        self.names = names
        self.run = handler.fn
        self.decode = handler.opt.get(BODY_DECODER)
        self.body_max = handler.resolve_request_max_body_size() or 0
        self.needs_request = "request" in handler.parsed_fn_signature.parameters
        self.is_light = not self.needs_request and all(
            guard.__module__ == guards.__name__ for guard in handler.opt.get(GUARDS, ())
        )


class _Scoped:
    """Stands for the request where the platform's guards alone look at it: they want its scope."""

    __slots__ = ("scope",)

    def __init__(self, scope: Any) -> None:
        self.scope = scope


class Dispatch:
    """An ASGI application: serves what it can directly, and hands everything else to `otherwise`."""

    def __init__(self, app: Litestar, otherwise: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._otherwise = otherwise
        self._refuse = refuse
        self._root = _Node()
        for path, handler in handlers(app):
            if _is_plain(path, handler):
                self._add(path, handler)

    def find(self, method: str, path: str) -> tuple[str | None, list[Any]]:
        """Return the template of the route that serves a request directly, None without one, and its parameters."""
        route, values = self._find(method, path)
        return (None if route is None else route.template), values

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        route, values = self._find(scope["method"], scope["path"])
        if route is None:
            await self._otherwise(scope, receive, send)
            return
        scope["route_handler"], scope["path_template"] = route.handler, route.template
        scope["path_params"] = dict(zip(route.names, values, strict=True))
        try:
            await self._serve(route, scope, receive, send)
        except Exception as error:
            if scope["virage"].answered:
                raise
            await self._refuse(error, scope, receive, send)

    async def _serve(self, route: _Route, scope: Any, receive: Any, send: Any) -> None:
        request: Any = _Scoped(scope) if route.is_light else LeanRequest(scope, receive, send)
        before = route.handler.before_request
        if before is not None:
            await before(request)
        given = scope["path_params"]
        if route.decode is not None:
            body = await read_body(receive, route.body_max)
            given = given | {"data": decoded(body, scope["virage"].content_type, route.decode)}
        if route.needs_request:
            given = given | {"request": request}
        result = await route.run(**given)
        if type(result) is Response or not isinstance(result, Response):
            await answer(route.handler, result)(scope, receive, send)
        else:
            full: Request[Any, Any, Any] = LeanRequest(scope, receive, send)
            response = await route.handler.to_response(app=self._app, data=result, request=full)
            await response(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[_Route | None, list[Any]]:
        node = self._root
        values: list[Any] = []
        for segment in path.split("/")[1:]:
            following = node.literal.get(segment)
            if following is None:
                following = node.parameter
                if following is None or not segment or node.parse is None:
                    return None, values
                try:
                    values.append(node.parse(segment))
                except ValueError:
                    return None, values
            node = following
        return node.routes.get(method), values

    def _add(self, path: str, handler: HTTPRouteHandler) -> None:
        node, names = self._root, []
        for segment in path.split("/")[1:]:
            if not segment.startswith("{"):
                node = node.literal.setdefault(segment, _Node())
                continue
            name, kind = segment[1:-1].split(":")
            names.append(name)
            if node.parameter is None:
                node.parameter, node.parse = _Node(), _PARSERS[kind]
            elif node.parse is not _PARSERS[kind]:
                return  # two kinds of parameter at one place: Litestar decides
            node = node.parameter
        template = "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in path.split("/"))
        route = _Route(handler, template, names)
        for method in handler.http_methods:
            node.routes[method] = route


def _is_plain(path: str, handler: HTTPRouteHandler) -> bool:
    """Tell whether a handler wants nothing but its path's ids, a JSON body and the request."""
    kinds = {part[1:-1].split(":")[0]: part[1:-1].split(":")[-1] for part in path.split("/") if part.startswith("{")}
    if any(kind not in _PARSERS for kind in kinds.values()) or "OPTIONS" in handler.http_methods:
        return False
    for name, field in handler.parsed_fn_signature.parameters.items():
        if name == "data" and BODY_DECODER in handler.opt and not field.has_default:
            continue
        if name == "request":
            continue
        if name not in kinds or field.annotation not in (UUID, str) or _is_constrained(field.kwarg_definition):
            return False
    return not (
        handler.resolve_middleware()
        or handler.resolve_response_headers()
        or handler.resolve_response_cookies()
        or handler.resolve_after_response()
        or handler.after_request
        or handler.cache
        or handler.background
    )


def _is_constrained(definition: Any) -> bool:
    """Tell whether a parameter has limits of its own, which Litestar checks."""
    limits = ("min_length", "max_length", "pattern", "gt", "ge", "lt", "le", "multiple_of")
    return isinstance(definition, ParameterKwarg) and any(getattr(definition, name) is not None for name in limits)
