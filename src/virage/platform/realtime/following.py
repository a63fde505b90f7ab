"""`GET /api/stream`: the route of the hub's streams."""

from collections.abc import Iterable
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import Parameter
from litestar.response import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive

from virage.platform.data.journal import position_key
from virage.platform.realtime.hub import Flow, Hub
from virage.platform.web.guard import Principal
from virage.platform.web.problems import Problem

TOPICS_MAX = 16

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class _FlowAnswer(ASGIResponse):
    """Sends a flow."""

    _should_set_content_length = False

    def __init__(self, flow: Flow, **given: Any) -> None:
        super().__init__(**given)
        self._flow = flow

    async def send_body(self, send: Any, receive: Receive) -> None:
        await self._flow.run(receive, send)


class FlowResponse(Response[None]):
    """What the door answers."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(None, headers=_HEADERS, media_type="text/event-stream")
        self._flow = flow

    def to_asgi_response(  # of what Litestar passes, these count
        self, *_: Any, encoded_headers: Iterable[tuple[bytes, bytes]] | None = None, **__: Any
    ) -> ASGIResponse:
        """Return the ASGI application that sends it."""
        given = {"headers": self.headers, "encoded_headers": encoded_headers, "media_type": self.media_type}
        return _FlowAnswer(self._flow, **given)


@get(
    "/api/stream",
    opt={"public": True},
    tags=["stream"],
    media_type="text/event-stream",
    response_description="Server-sent events",
)
async def stream(
    request: Request[Any, Any, Any],
    hub: Hub,
    principal: Principal,
    topics: Annotated[str, Parameter(max_length=1000, description="topic:argument, comma-separated")],
    since: Annotated[str | None, Parameter(max_length=64)] = None,
) -> FlowResponse:
    """Follow topics as server-sent events. Each topic decides for itself who may follow it."""
    names = list(dict.fromkeys(topics.split(",")))
    if len(names) > TOPICS_MAX:
        raise Problem("invalid", {"topics_max": TOPICS_MAX})
    last = request.headers.get("last-event-id") or since
    if last is not None:
        try:
            position_key(last)
        except ValueError:
            raise Problem("invalid", {"errors": [{"key": "since", "message": "is no position"}]}) from None
    return FlowResponse(await hub.follow(principal, names, last))
