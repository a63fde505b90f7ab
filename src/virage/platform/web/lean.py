"""What both ways to a handler share: bodies decoded once and strictly, answers encoded once, guards without copies."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import default_serializer
from litestar.types import ASGIApp, Empty

from virage.platform.values.deadlines import deadlines_of
from virage.platform.values.texts import Invisible, check_body
from virage.platform.web.guard import Visit
from virage.platform.web.inject import BODY_DECODER
from virage.platform.web.limits import Limits, route_class
from virage.platform.web.problems import Problem

GUARDS = "virage_guards"
PUBLIC = "public"
BODY_S = 20.0  # time for a whole body, and one second more for each BODY_BYTES_A_SECOND of it
BODY_BYTES_A_SECOND = 50_000

_JSON = b"application/json"
_WITHOUT_BODY = frozenset({204, 304})
_encoder = msgspec.json.Encoder(enc_hook=default_serializer)


class LeanRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded straight into the handler's type: strictly, and once."""

    async def body(self) -> bytes:
        """Return the whole body; raises 413 as soon as it exceeds what the route allows."""
        if self._body is Empty:
            self._body = await read_body(self.receive, self.route_handler.resolve_request_max_body_size() or 0)
        return self._body

    async def json(self) -> Any:
        """Return the body as the type that the handler declares; raises Problem `invalid` with the place."""
        visit: Visit = self.scope["virage"]  # type: ignore[typeddict-item]  # the edge put it there
        decode = self.route_handler.opt.get(BODY_DECODER, msgspec.json.decode)
        return decoded(await self.body(), visit.content_type, decode)


async def read_body(receive: Any, bytes_max: int) -> bytes:
    """Read a whole body; raises 413 as soon as it is larger, and Problem `invalid` when the connection ends first.

    Raises Problem `request_timeout` when it takes too long as a whole: bytes that trickle in hold no connection. The
    server closes a connection whose request was answered before its body had come.
    """
    parts: list[bytes] = []
    size, more = 0, True
    loop = asyncio.get_running_loop()
    deadlines, ends = deadlines_of(loop), loop.time() + BODY_S
    try:
        async with asyncio.timeout(None) as wait:
            try:
                while more:
                    deadlines.set(wait, ends + size / BODY_BYTES_A_SECOND)
                    event: Any = await receive()
                    if event["type"] == "http.disconnect":
                        raise Problem("invalid", detail="The connection ended before the body did.")
                    part = event.get("body", b"")
                    size += len(part)
                    if size > bytes_max:
                        raise RequestEntityTooLarge
                    parts.append(part)
                    more = event.get("more_body", False)
            finally:
                deadlines.end(wait)
    except TimeoutError:
        raise Problem("request_timeout") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def decoded(body: bytes, content_type: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Return a JSON body decoded; raises Problem `unsupported_media_type`, or `invalid` with the place.

    No text in it may hold what cannot be seen, whoever will read it.
    """
    if body and content_type.partition(b";")[0].strip().lower() != _JSON:
        raise Problem("unsupported_media_type", {"accepted": "application/json"})
    try:
        value = decode(body)
        check_body(body)
    except Invisible as error:
        raise Problem("invalid", {"errors": [{"source": error.source, "message": str(error)}]}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("invalid", {"errors": [{"source": "body", "message": str(error)}]}) from error
    return value


class LeanResponse(Response[Any]):
    """What a handler's plain return value becomes on Litestar's way: encoded by msgspec, sent in two messages."""

    def __init__(
        self,
        content: Any,
        *,
        media_type: str | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> None:
        self.content = content
        self.media_type = media_type
        self.status = status_code
        self.own_headers = headers or {}

    def to_asgi_response(  # type: ignore[override]  # of what Litestar passes, headers alone count
        self, *_: Any, headers: Mapping[str, str] | None = None, **__: Any
    ) -> ASGIApp:
        """Return the ASGI application that sends it."""
        raw = [(name.lower().encode(), value.encode()) for name, value in (headers or self.own_headers).items()]
        return _finished(self.status, self.media_type or "application/json", self.content, raw)


def answer(handler: HTTPRouteHandler, result: Any) -> ASGIApp:
    """Return the ASGI application that sends what a handler returned: a value, or a plain Response with its extras."""
    if not isinstance(result, Response):
        return _finished(handler.status_code, handler.media_type, result, [])
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in result.headers.items()]
    raw += [cookie.to_encoded_header() for cookie in result.cookies]
    status, media_type = result.status_code or handler.status_code, result.media_type or MediaType.JSON
    return _finished(status, media_type, result.content, raw)


def _finished(status: int, media_type: str, content: Any, headers: list[tuple[bytes, bytes]]) -> "_Answer":
    if status in _WITHOUT_BODY:
        return _Answer(status, headers, b"")
    if isinstance(content, bytes):
        body = content
    elif media_type.startswith("text/") or (isinstance(content, str) and media_type != MediaType.JSON):
        body = b"" if content is None else str(content).encode()
    else:
        body = _encoder.encode(content)
    headers.append((b"content-type", _content_type(media_type)))
    headers.append((b"content-length", b"%d" % len(body)))
    return _Answer(status, headers, body)


@cache
def _content_type(media_type: str) -> bytes:
    """Return a media type as it is sent; text says that it is UTF-8."""
    name = str(getattr(media_type, "value", media_type))
    return (f"{name}; charset=utf-8" if name.startswith("text/") and "charset" not in name else name).encode()


class _Answer:
    """A finished answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def handlers(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    """Return every handler of the application with the path it answers."""
    return [
        (route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
    ]


def compile_guards(app: Litestar, limits: Limits) -> None:
    """Run each handler's guards and its rate limit right before it, without the copy that Litestar makes for each.

    OPTIONS is answered here too: Litestar's own handler names the methods of the first handler of a path alone.
    """
    methods: dict[str, set[str]] = {}
    for path, handler in handlers(app):
        methods.setdefault(path, set()).update(handler.http_methods)
    for path, handler in handlers(app):
        if "OPTIONS" in handler.http_methods:
            handler.before_request = _options(allowed(methods[path]))
            continue
        guards = tuple(guard for layer in handler.ownership_layers for guard in (layer.guards or ()))
        handler.opt[GUARDS] = guards
        handler._resolved_guards = []  # noqa: SLF001 - they run in `before_request` from now on
        handler.before_request = _before(handler, guards, limits)


def allowed(methods: Iterable[str]) -> str:
    """Return the value of `Allow`: whatever answers GET answers HEAD too."""
    return ", ".join(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))


def _options(allow: str) -> Callable[[Any], Awaitable[Response[None]]]:
    async def answer_options(_: Any) -> Response[None]:
        return LeanResponse(None, status_code=204, headers={"allow": allow})

    return answer_options


def _before(handler: HTTPRouteHandler, guards: tuple[Any, ...], limits: Limits) -> Callable[[Any], Awaitable[None]]:
    rate_class = route_class(handler)

    async def before(request: Any) -> None:
        for guard in guards:
            await guard(request, handler)
        if rate_class is not None:
            visit: Visit = request.scope["virage"]
            limits.take(rate_class, await visit.who())

    return before
