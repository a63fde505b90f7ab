"""Handlers ask for things by name (`db`, `clock`, `principal`, …) and get them without a graph solved on each request.

What never changes while the server runs is bound to the handler when the app is built; the principal is looked up when
the handler asks for it. Plain parameters are marked as Litestar wants them: `data` is the JSON body, a name of the path
is a path parameter, anything else a query parameter.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from copy import copy, deepcopy
from typing import Annotated, Any, get_origin, get_type_hints

import msgspec
from litestar import Router
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from virage.platform.web.guard import ANONYMOUS, Principal, Visit, current_visit

BODY_DECODER = "virage_body_decoder"

_RESERVED = frozenset({"request", "scope", "headers", "cookies", "query", "body", "socket", "state"})


def prepared(item: ControllerRouterHandler, constants: Mapping[str, Any]) -> ControllerRouterHandler:
    """Return a copy of a router or handler whose functions have the constants and the principal bound to them."""
    if isinstance(item, Router):
        router = deepcopy(item)
        for route in router.routes:
            for handler in getattr(route, "route_handlers", ()):
                if isinstance(handler, HTTPRouteHandler):
                    _bind(handler, constants, _path_names(route.path))
        return router
    if isinstance(item, HTTPRouteHandler):
        handler = copy(item)
        _bind(handler, constants, set().union(*(_path_names(path) for path in item.paths)))
        return handler
    return item


def _path_names(path: str) -> set[str]:
    return {part[1:-1].split(":")[0] for part in path.split("/") if part.startswith("{")}


def _bind(handler: HTTPRouteHandler, constants: Mapping[str, Any], path_names: set[str]) -> None:
    function = handler.fn
    if not inspect.iscoroutinefunction(function):
        return
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    fixed = {name: constants[name] for name in signature.parameters if name in constants}
    asks_principal = "principal" in signature.parameters
    kept = [
        parameter.replace(annotation=_marked(name, hints[name], path_names), kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name not in fixed and name != "principal"
    ]
    bound = _with_principal(function, fixed) if asks_principal else _with_constants(function, fixed)
    bound.__name__, bound.__qualname__ = function.__name__, function.__qualname__
    bound.__doc__, bound.__module__ = function.__doc__, function.__module__
    bound.__annotations__ = {p.name: p.annotation for p in kept} | {"return": hints.get("return", Any)}
    bound.__signature__ = signature.replace(parameters=kept)
    handler(bound)
    if "data" in hints and get_origin(hints["data"]) is not Annotated:
        handler.opt[BODY_DECODER] = msgspec.json.Decoder(hints["data"]).decode
    if not handler.tags:
        handler.tags = [function.__module__.split(".")[1] if "." in function.__module__ else function.__module__]


def _marked(name: str, hint: Any, path_names: set[str]) -> Any:
    if name in _RESERVED or get_origin(hint) is Annotated:
        return hint
    if name == "data":
        return JSONBody[hint]  # type: ignore[misc]  # the type is a value here
    return FromPath[hint] if name in path_names else FromQuery[hint]  # type: ignore[misc]  # the same


def _with_constants(function: Callable[..., Awaitable[Any]], fixed: Mapping[str, Any]) -> Any:
    async def bound(**kwargs: Any) -> Any:
        return await function(**kwargs, **fixed)

    return bound


def _with_principal(function: Callable[..., Awaitable[Any]], fixed: Mapping[str, Any]) -> Any:
    async def bound(**kwargs: Any) -> Any:
        return await function(**kwargs, **fixed, principal=await _principal(current_visit.get(None)))

    return bound


async def _principal(visit: Visit | None) -> Principal:
    return ANONYMOUS if visit is None else await visit.who()
