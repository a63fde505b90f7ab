"""Routes as data: each handler declares its address, its guards and its rate class.

    @get("/events/{event_id:uuid}", public=True)
    async def get_event(event_id: UUID, db: Database) -> Event: ...

    router = mount("/api", [get_event])

A handler is called with the parameters that it names: `data` is the decoded JSON body, a parameter of the path is that
part of the address, `principal` is the sender, `request` the request itself, objects of the application come by their
name (`db`, `clock`, ...), and every other name is a query parameter. It returns a value, which is sent as JSON, a
`Response` with headers, cookies or another status, or an ASGI application for streams and files.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from starlette.requests import Request as StarletteRequest

from virage.platform.web.bodies import read_body
from virage.platform.web.guard import Guard

BODY_BYTES_MAX = 64_000

Content = TypeVar("Content")
Handler = Callable[..., Awaitable[Any]]


class Request(StarletteRequest):
    """A request whose body is limited to the size that its endpoint allows."""

    async def body(self) -> bytes:
        """Return the whole body; raises Problem `too_large` as soon as it is larger."""
        if not hasattr(self, "_body"):
            self._body = await read_body(self.receive, self.scope["endpoint"].body_bytes_max)
        return self._body


class Response(Generic[Content]):
    """A response with headers, cookies or a status. Bytes, and text of a text type, are sent as they are, else JSON.

    `status_code` defaults to that of the endpoint. `cookies` are values of `set-cookie` (platform/web/security).
    """

    __slots__ = ("content", "cookies", "headers", "media_type", "status_code")

    def __init__(
        self,
        content: Content,
        *,
        status_code: int | None = None,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        cookies: Sequence[str] = (),
    ) -> None:
        self.content = content
        self.status_code = status_code
        self.media_type = media_type
        self.headers = headers or {}
        self.cookies = cookies


@dataclass(frozen=True)
class Named:
    """The name of a query parameter in the address if it is a Python keyword: `Named("from")`."""

    name: str


@dataclass(frozen=True)
class Described:
    """The answer in the OpenAPI document, if the return type of the handler does not describe it."""

    type: Any
    description: str
    media_type: str = "application/json"


@dataclass(frozen=True)
class Endpoint:
    """One method of one address. It has a guard or is `public`: a test calls all of them without a session.

    `rate` is its rate class in `platform/web/limits.py`. `status_code` is that of a success. An endpoint that is not
    `documented` is not for API clients and is left out of the OpenAPI document.
    """

    method: str
    path: str
    handler: Handler
    guards: Sequence[Guard] = ()
    public: bool = False
    rate: str | None = None
    status_code: int = 200
    body_bytes_max: int = BODY_BYTES_MAX
    answer: Described | None = None
    documented: bool = True

    @property
    def name(self) -> str:
        """The name of the handler, which is the operation id."""
        return self.handler.__name__

    @property
    def template(self) -> str:
        """The address in OpenAPI syntax: `{id:uuid}` becomes `{id}`."""
        return "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in self.path.split("/"))


Router = Sequence[Endpoint]
"""The endpoints of a module, under their full addresses."""


def mount(prefix: str, endpoints: Iterable[Endpoint | Router]) -> Router:
    """Return the endpoints with a prefix before their addresses."""
    flat = [endpoint for item in endpoints for endpoint in ([item] if isinstance(item, Endpoint) else item)]
    return [replace(endpoint, path=(prefix.rstrip("/") + endpoint.path).rstrip("/") or "/") for endpoint in flat]


class _Decorator(Protocol):
    def __call__(
        self,
        path: str = "",
        *,
        guards: Sequence[Guard] = (),
        public: bool = False,
        rate: str | None = None,
        status_code: int | None = None,
        body_bytes_max: int = BODY_BYTES_MAX,
        answer: Described | None = None,
        documented: bool = True,
    ) -> Callable[[Handler], Endpoint]: ...


def _decorator(method: str, success: int) -> _Decorator:
    def declare(path: str = "", *, status_code: int | None = None, **options: Any) -> Callable[[Handler], Endpoint]:
        return lambda handler: Endpoint(method, path, handler, status_code=status_code or success, **options)

    return declare


get = _decorator("GET", 200)
post = _decorator("POST", 201)
put = _decorator("PUT", 200)
patch = _decorator("PATCH", 200)
delete = _decorator("DELETE", 204)
