"""Routes as data: each handler says beside itself which requests it answers, who may ask, and how often.

    @get("/events/{event_id:uuid}", public=True)
    async def get_event(event_id: UUID, db: Database) -> Event: ...

    router = mount("/api", [get_event])

A handler is called with what it names: `data` is the JSON body as the type it declares, a name of the path is that part
of the address, `principal` is who asks, `request` the request itself, anything that the application provides comes by
its name (`db`, `clock`, ...), and every other name is a query parameter. It returns a value, which goes out as JSON, a
`Response` where the answer needs headers, cookies or another status, or an ASGI application for streams and files.
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
    """A request whose body may be no larger than its endpoint allows."""

    async def body(self) -> bytes:
        """Return the whole body; raises Problem `too_large` as soon as it is larger."""
        if not hasattr(self, "_body"):
            self._body = await read_body(self.receive, self.scope["endpoint"].body_bytes_max)
        return self._body


class Response(Generic[Content]):
    """An answer that says more than its content. Bytes go out as they are, text of a text type too, the rest as JSON.

    Without `status_code` it has the one of its endpoint. `cookies` are values of `set-cookie` (platform/web/security).
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
    """The name that a query parameter has in the address, where Python keeps it for itself: `Named("from")`."""

    name: str


@dataclass(frozen=True)
class Described:
    """What the OpenAPI document says of an answer that the handler's return type does not tell."""

    type: Any
    description: str
    media_type: str = "application/json"


@dataclass(frozen=True)
class Endpoint:
    """One method of one address. Each declares a guard or is `public`: a test asks all of them without a session.

    `rate` is its class in `platform/web/limits.py`. `status_code` is that of a success. What is not `documented` is not
    for programs and stands in no OpenAPI document.
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
        """The handler's name, and the operation's."""
        return self.handler.__name__

    @property
    def template(self) -> str:
        """The address as OpenAPI writes it: `{id:uuid}` is `{id}`."""
        return "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in self.path.split("/"))


Router = Sequence[Endpoint]
"""The endpoints of a module, under their full addresses."""


def mount(prefix: str, endpoints: Iterable[Endpoint | Router]) -> Router:
    """Return these endpoints with their addresses below a prefix."""
    flat = [one for item in endpoints for one in ([item] if isinstance(item, Endpoint) else item)]
    return [replace(one, path=(prefix.rstrip("/") + one.path).rstrip("/") or "/") for one in flat]


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
    def declare(path: str = "", *, status_code: int | None = None, **said: Any) -> Callable[[Handler], Endpoint]:
        return lambda handler: Endpoint(method, path, handler, status_code=status_code or success, **said)

    return declare


get = _decorator("GET", 200)
post = _decorator("POST", 201)
put = _decorator("PUT", 200)
patch = _decorator("PATCH", 200)
delete = _decorator("DELETE", 204)
