"""`GET /api/stream`: the route of the hub's streams."""

from typing import Annotated, Any

from msgspec import Meta
from starlette.types import Receive, Send

from virage.platform.data.journal import position_key
from virage.platform.realtime.hub import Flow, Hub
from virage.platform.web.guard import Principal
from virage.platform.web.openapi import EVENTS
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Described, Request, get

TOPICS_MAX = 16

_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"content-type", b"text/event-stream; charset=utf-8"),
]


class FlowResponse:
    """An ASGI response that runs a stream until it ends."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    async def __call__(self, _scope: Any, receive: Receive, send: Send) -> None:
        """Send the response (ASGI)."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._flow.run(receive, send)


@get("/api/stream", public=True, answer=Described(Any, "Server-sent events, their data by topic", EVENTS))
async def stream(
    request: Request,
    hub: Hub,
    principal: Principal,
    topics: Annotated[str, Meta(max_length=1000, description="topic:argument, comma-separated")],
    since: Annotated[str, Meta(max_length=64)] | None = None,
) -> FlowResponse:
    """Subscribe to topics as server-sent events. Each topic decides who may subscribe."""
    names = list(dict.fromkeys(topics.split(",")))
    if len(names) > TOPICS_MAX:
        raise Problem("invalid", {"topics_max": TOPICS_MAX})
    last = request.headers.get("last-event-id") or since
    if last is not None:
        try:
            position_key(last)
        except ValueError:
            raise Problem("invalid", {"errors": [{"key": "since", "message": "is not a journal position"}]}) from None
    return FlowResponse(await hub.follow(principal, names, last))
