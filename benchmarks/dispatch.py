"""What the direct way to a handler saves: the same requests of the same application on Litestar's own way and on ours.

`python -m benchmarks.dispatch [--quick]`. In one process without network and database, so that nothing but the way is
measured: a read of something by its id, and a write with a JSON body, both by somebody whose session is known.
"""

import time
from collections.abc import Sequence
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID

from litestar import Litestar, Router, get, post
from litestar.types import ASGIApp
from msgspec import Struct

from benchmarks.common import machine, quick, run, tell
from virage.kernel import http, logs
from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Credential, Principal, with_session
from virage.kernel.ids import new_id

ROUNDS, QUICK_ROUNDS = 20, 3
REQUESTS = 1_000  # a round and way; the ways take turns, for the machine may be busy with other things
SOMEBODY = Principal("program", new_id())


class Wish(Struct, frozen=True):
    """As much as a hold asks for."""

    id: UUID
    event_id: UUID
    places: list[int]


@get("/{wish_id:uuid}", guards=[with_session])
async def read_wish(wish_id: UUID, principal: Principal) -> Wish:
    """Something by its id."""
    return Wish(wish_id, cast("UUID", principal.id), [1, 2, 3])


@post("/", guards=[with_session], status_code=200)
async def make_wish(data: Wish, principal: Principal) -> Wish:  # noqa: ARG001 - asked for, as by a hold
    """What was sent."""
    return data


async def _known(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [SOMEBODY for _ in credentials]


def application() -> Litestar:
    """The kernel's application with the two routes; its database is never asked."""
    return http.create_app(
        [Router("/api/wishes", route_handlers=[read_wish, make_wish])],
        config=Config(secret="nothing is signed or opened with it"),  # noqa: S106 - it is no secret
        db=Database(cast("Any", None), ""),
        clock=Clock(),
        authenticator=_known,
    )


def roundabout() -> Litestar:
    """The same application, all on Litestar's own way."""
    with patch.object(http, "Dispatch", lambda _app, otherwise, _refuse: otherwise):
        return application()


async def ask(app: ASGIApp, method: str, path: str, body: bytes) -> None:
    """Send one request as the server would, and see that it is answered."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"authorization", b"Bearer x")],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8_000),
        "state": {},
    }
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(cast("Any", scope), cast("Any", receive), cast("Any", send))
    assert status == 200, status  # noqa: PLR2004 - OK


async def cost_us(app: ASGIApp, method: str, path: str, body: bytes) -> float:
    """Processor microseconds a request of one round."""
    began = time.process_time()
    for _ in range(REQUESTS):
        await ask(app, method, path, body)
    return (time.process_time() - began) * 1e6 / REQUESTS


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """The cheapest round of each way, by request: what disturbs a round only makes it dearer."""
    ways = {"direct": application(), "litestar": roundabout()}
    body = b'{"id":"%b","event_id":"%b","places":[101,102,103]}' % (str(new_id()).encode(), str(new_id()).encode())
    requests = {"read": ("GET", f"/api/wishes/{new_id()}", b""), "write": ("POST", "/api/wishes", body)}
    figures = {}
    for name, request in requests.items():
        costs: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, app in ways.items():
                costs[way].append(await cost_us(app, *request))
        best = {way: min(each) for way, each in costs.items()}
        figures[name] = {f"{way}_us": round(us, 1) for way, us in best.items()} | {
            "ratio": round(best["litestar"] / best["direct"], 2)
        }
    return figures


def main() -> None:
    """Measure and print the line."""
    logs.configure("warning", "benchmark")  # a line a request would cost both ways the same
    figures = run(measure(QUICK_ROUNDS if quick() else ROUNDS))
    tell({"benchmark": "dispatch", **figures, "requests": REQUESTS, "workers": 1, "clients": 1, "machine": machine()})


if __name__ == "__main__":
    main()
