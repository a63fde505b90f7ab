"""The request cycle: find the endpoint, run its guards, decode, call the handler, encode."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from virage.platform.web.bodies import decoded, read_body
from virage.platform.web.limits import RATES, Limits
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Endpoint, Handler, Named, Request, Response
from virage.platform.web.security import SAFE_METHODS

NO_CONTENT = 204
PRINCIPAL, REQUEST, BODY = "principal", "request", "data"

_WITHOUT_BODY = frozenset({NO_CONTENT, 304})
_PREFIX = 3  # the empty text before the first slash, and two segments
_NOWHERE = StarletteResponse(status_code=404)  # Starlette's Route needs an endpoint; ours are called by `Addresses`
_encoder = msgspec.json.Encoder()

Refuse = Callable[[Exception, Scope, Receive, Send], Awaitable[None]]


@cache
def _pattern(path: str) -> Route:
    """Return Starlette's route of an address, for its pattern and the converters of its parameters."""
    return Route(path, _NOWHERE)


@cache
def _hints_of(handler: Handler) -> dict[str, Any]:
    return get_type_hints(handler, include_extras=True)


class Inputs:
    """The parameters of a handler by source: application, path, query, body. Types are those of its annotations.

    Raises ValueError if the handler lacks a parameter of the path.
    """

    def __init__(self, endpoint: Endpoint, constants: Mapping[str, Any]) -> None:
        signature = inspect.signature(endpoint.handler)
        hints = _hints_of(endpoint.handler)
        self.constants = {name: constants[name] for name in signature.parameters if name in constants}
        rest = [name for name in signature.parameters if name not in constants and name not in (PRINCIPAL, REQUEST)]
        in_path = _pattern(endpoint.path).param_convertors.keys()
        if not in_path <= set(rest):
            raise ValueError(f"{endpoint.name} lacks a parameter of {endpoint.path}.")
        self.wants_principal = PRINCIPAL in signature.parameters
        self.wants_request = REQUEST in signature.parameters
        self.body: Any = hints.get(BODY)
        self.path = {name: hints[name] for name in rest if name in in_path}
        self.query = {name: hints[name] for name in rest if name not in in_path and name != BODY}
        self.defaults = {
            name: signature.parameters[name].default
            for name in self.query
            if signature.parameters[name].default is not inspect.Parameter.empty
        }
        self.answer: Any = hints.get("return", Any)

    def shown(self, name: str) -> str:
        """Return the name of a query parameter in the address."""
        extras = getattr(self.query.get(name), "__metadata__", ())
        return next((extra.name for extra in extras if isinstance(extra, Named)), name)


class Served:
    """One endpoint with the objects of the application, as an ASGI application.

    Raises ValueError for an unknown rate class.
    """

    def __init__(self, endpoint: Endpoint, constants: Mapping[str, Any], limits: Limits) -> None:
        self.endpoint = endpoint
        self.inputs = inputs = Inputs(endpoint, constants)
        self.rate = endpoint.rate or (None if endpoint.method in SAFE_METHODS else "write")
        if self.rate is not None and self.rate not in RATES:
            raise ValueError(f"{endpoint.name}: unknown rate class {self.rate!r}.")
        self._limits = limits
        self._path = Texts(inputs, inputs.path, "path") if inputs.path else None
        self._query = Texts(inputs, inputs.query, "query") if inputs.query else None
        self._decode = None if inputs.body is None else msgspec.json.Decoder(inputs.body).decode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; `scope["path_params"]` are the parameters of its address."""
        endpoint, inputs, visit = self.endpoint, self.inputs, scope["virage"]
        for guard in endpoint.guards:
            await guard(scope)
        if self.rate is not None:
            self._limits.take(self.rate, await visit.who())
        given = dict(inputs.constants)
        if self._path is not None:
            given |= self._path.read(scope["path_params"])
        if self._query is not None:
            given |= self._query.read(_query_of(scope))
        if self._decode is not None:
            body = await read_body(receive, endpoint.body_bytes_max)
            given[BODY] = decoded(body, visit.content_type, self._decode)
        if inputs.wants_principal:
            given[PRINCIPAL] = await visit.who()
        if inputs.wants_request:
            given[REQUEST] = Request(scope, receive)
        result = await endpoint.handler(**given)
        if isinstance(result, Response):
            await answer(send, result, endpoint.status_code)
        elif callable(result):
            await result(scope, receive, send)
        else:
            await answer(send, Response(result), endpoint.status_code)


class Texts:
    """The parameters of a path or a query, converted from text to the types of the handler."""

    def __init__(self, inputs: Inputs, types: Mapping[str, Any], source: str) -> None:
        self._source = source
        self._types = {inputs.shown(name): kind for name, kind in types.items()}
        fields = [(name, kind, inputs.defaults.get(name, msgspec.NODEFAULT)) for name, kind in types.items()]
        rename = {name: inputs.shown(name) for name in types}
        self._struct = msgspec.defstruct("Texts", fields, kw_only=True, rename=rename)

    def read(self, texts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values by the handler's names. Raises Problem `invalid` with all errors."""
        try:
            return msgspec.structs.asdict(msgspec.convert(texts, self._struct, strict=False))
        except msgspec.ValidationError as error:
            wrong = list(self._wrong(texts)) or [{"message": str(error)}]  # a missing parameter
            raise Problem("invalid", {"errors": wrong}) from error

    def _wrong(self, texts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        for shown, kind in self._types.items():
            if shown in texts:
                try:
                    msgspec.convert(texts[shown], kind, strict=False)
                except msgspec.ValidationError as error:
                    yield {"source": self._source, "key": shown, "message": str(error)}


def _query_of(scope: Scope) -> dict[str, str]:
    try:
        return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    except ValueError as error:
        raise Problem("invalid", {"errors": [{"source": "query", "message": str(error)}]}) from error


async def answer(send: Send, response: Response[Any], status_code: int = 200) -> None:
    """Send a response, with this status unless it has its own."""
    status = response.status_code or status_code
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in response.cookies]
    body = b""
    if status not in _WITHOUT_BODY:
        body = _encoded(response.content, response.media_type)
        headers += ((b"content-type", _content_type(response.media_type)), (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _encoded(content: Any, media_type: str) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str) and media_type != "application/json":
        return content.encode()
    return _encoder.encode(content)


@cache
def _content_type(media_type: str) -> bytes:
    """Return the content-type header of a media type; text gets its charset."""
    is_bare_text = media_type.startswith("text/") and "charset" not in media_type
    return (f"{media_type}; charset=utf-8" if is_bare_text else media_type).encode()


class _Methods:
    """The endpoints of one address, as an ASGI application. OPTIONS lists the methods; others are refused."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._served: dict[str, Served] = {}

    def add(self, served: Served) -> None:
        method = served.endpoint.method
        if method in self._served:
            raise ValueError(f"{method} {self._template} is declared twice.")
        self._served[method] = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_template"] = self._template
        served = self._served.get(scope["method"])
        if served is not None:
            scope["endpoint"] = served.endpoint
            await served(scope, receive, send)
            return
        # the edge serves HEAD for each GET
        allow = ", ".join(sorted({*self._served, "OPTIONS", *(("HEAD",) if "GET" in self._served else ())}))
        if scope["method"] != "OPTIONS":
            raise Problem("method_not_allowed", headers={"allow": allow})
        await answer(send, Response(None, headers={"allow": allow}), NO_CONTENT)


class Addresses:
    """Finds the endpoints of an address.

    An address without parameters is looked up in a dictionary. The others are matched by Starlette's patterns, of which
    only those with the same first segments are tried.
    """

    def __init__(self, served: Iterable[Served], refuse: Refuse) -> None:
        self._refuse = refuse
        self._fixed: dict[str, _Methods] = {}
        self._routes: dict[tuple[str, ...], list[tuple[Route, _Methods]]] = {}
        methods: dict[str, _Methods] = {}
        for bound in sorted(
            served, key=lambda bound: [part.startswith("{") for part in bound.endpoint.path.split("/")]
        ):
            path = bound.endpoint.path
            if path not in methods:
                methods[path] = found = _Methods(bound.endpoint.template)
                if "{" in path:
                    self._routes.setdefault(_beginning(path), []).append((_pattern(path), found))
                else:
                    self._fixed[path] = found
            methods[path].add(bound)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an exception before the response has started becomes a problem document."""
        try:
            await self._found(scope)(scope, receive, send)
        except Exception as error:
            if scope["virage"].answered:
                raise
            await self._refuse(error, scope, receive, send)

    def _found(self, scope: Scope) -> _Methods:
        path = scope["path"]
        if "//" in path or path.endswith("/"):  # repeated and trailing slashes are ignored
            path = "/" + "/".join(part for part in path.split("/") if part)
        fixed = self._fixed.get(path)
        if fixed is not None:
            scope["path_params"] = {}
            return fixed
        beginning = _beginning(path)
        near: list[tuple[Route, _Methods]] = [*self._routes.get(beginning, ()), *self._routes.get(beginning[:1], ())]
        for route, methods in near:
            if match := route.path_regex.match(path):
                scope["path_params"] = {
                    name: route.param_convertors[name].convert(text) for name, text in match.groupdict().items()
                }
                return methods
        raise Problem("not_found")


def _beginning(path: str) -> tuple[str, ...]:
    """Return the first two segments of an address, without those that are parameters."""
    return tuple(part for part in path.split("/")[1:_PREFIX] if not part.startswith("{"))


def _parameters_last(bound: Served) -> list[bool]:
    """Return the sort key that tries `/orders/mine` before `/orders/{id}`."""
    return [part.startswith("{") for part in bound.endpoint.path.split("/")]
