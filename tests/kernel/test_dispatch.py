"""The direct way answers as Litestar's own way does; only quicker."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Request, Response, Router, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from virage.kernel import http
from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.dispatch import Dispatch
from virage.kernel.guard import Credential, Principal
from virage.kernel.http import create_app
from virage.kernel.problems import Problem
from virage.kernel.security import session_cookie


class Thing(Struct, tag="thing"):
    id: UUID
    names: list[str] = []


class Other(Struct, tag="other"):
    n: int


@get("/things/{thing_id:uuid}", opt={"public": True})
async def thing(thing_id: UUID) -> Thing:
    return Thing(thing_id)


@get("/things/{thing_id:uuid}/parts/{part:str}", opt={"public": True})
async def part(thing_id: UUID, part: str) -> Thing:
    return Thing(thing_id, [part])


@post("/things", opt={"public": True})
async def make(data: Thing | Other) -> Thing | Other:
    return data


@post("/things/{thing_id:uuid}/nothing", opt={"public": True}, status_code=204)
async def nothing(thing_id: UUID) -> None:
    return None


@get("/text", opt={"public": True})
async def text() -> str:
    return "été"


@get("/page", opt={"public": True})
async def page() -> Response[str]:
    return Response("<p>", media_type="text/html", headers={"X-Own": "1"})


@get("/bytes", opt={"public": True})
async def raw() -> Response[bytes]:
    return Response(b"\x00\xff", media_type="application/octet-stream", cookies=[session_cookie("x", 60)])


@get("/empty", opt={"public": True})
async def empty() -> Response[bytes]:
    return Response(b"", status_code=304, headers={"etag": '"x"'})


@get("/flow", opt={"public": True})
async def flow() -> Stream:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return Stream(parts(), media_type="text/plain")


@get("/asked", opt={"public": True})
async def asked(request: Request[Any, Any, Any]) -> str:
    return str(request.headers["x-ask"]) + str(request.url.path)


@get("/limited/{name:str}", opt={"public": True})
async def limited(name: Annotated[str, Parameter(max_length=3)]) -> str:
    return name


@get("/searched", opt={"public": True})
async def searched(q: str = "none") -> str:
    return q


@get("/refused", opt={"public": True})
async def refused() -> str:
    raise Problem("seat_taken", {"place": 7})


ROUTES = [thing, part, make, nothing, text, page, raw, empty, flow, asked, limited, searched, refused]
THING = UUID("0190d1b8-0000-7000-8000-000000000007")
JSON = {"content-type": "application/json"}


async def nobody(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [None for _ in credentials]


def browser_of(db: Database) -> httpx.AsyncClient:
    app = create_app(
        [Router("/api", route_handlers=ROUTES)],
        config=Config(secret="x" * 32),
        db=db,
        clock=Clock(),
        authenticator=nobody,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://virage.local")  # type: ignore[arg-type]  # Litestar spells the ASGI types out


@pytest.fixture
def direct(db: Database) -> httpx.AsyncClient:
    return browser_of(db)


@pytest.fixture
def roundabout(db: Database, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """The same application on Litestar's own way."""
    monkeypatch.setattr(http, "Dispatch", lambda _app, otherwise, _refuse: otherwise)
    return browser_of(db)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/api/things/{THING}", None),
        ("GET", f"/api/things/{THING}/", None),
        ("GET", f"/api/things/{THING.hex}", None),
        ("GET", "/api/things/none", None),
        ("GET", f"/api/things/{THING}/parts/a%20b", None),
        ("GET", f"/api/things/{THING}/parts/", None),
        ("GET", f"/api//things/{THING}", None),
        ("POST", "/api/things", b'{"type":"thing","id":"0190d1b8-0000-7000-8000-000000000007"}'),
        ("POST", "/api/things", b'{"type":"other","n":1}'),
        ("POST", "/api/things", b'{"type":"other","n":"1"}'),
        ("POST", "/api/things", b'{"type":"neither"}'),
        (
            "POST",
            "/api/things",
            '{"type":"thing","id":"0190d1b8-0000-7000-8000-000000000007","names":["\u202e"]}'.encode(),
        ),
        ("POST", "/api/things", b'{"type":"thing","id":"0190d1b8-0000-7000-8000-000000000007","names":["\\u202e"]}'),
        ("POST", "/api/things", b"x" * 70_000),
        ("POST", f"/api/things/{THING}/nothing", None),
        ("GET", "/api/text", None),
        ("GET", "/api/page", None),
        ("GET", "/api/bytes", None),
        ("GET", "/api/empty", None),
        ("GET", "/api/flow", None),
        ("GET", "/api/asked", None),
        ("GET", "/api/limited/abc", None),
        ("GET", "/api/limited/abcd", None),
        ("GET", "/api/searched?q=found", None),
        ("GET", "/api/refused", None),
        ("GET", "/api/nowhere", None),
        ("PUT", "/api/things", b"{}"),
        ("OPTIONS", "/api/things", None),
        ("HEAD", "/api/nowhere", None),
    ],
)
async def test_both_ways_answer_the_same(
    direct: httpx.AsyncClient, roundabout: httpx.AsyncClient, method: str, path: str, body: bytes | None
) -> None:
    asks: dict[str, Any] = {"content": body, "headers": JSON | {"x-ask": "yes", "x-request-id": "the-same-request"}}
    here, there = await direct.request(method, path, **asks), await roundabout.request(method, path, **asks)
    assert (here.status_code, here.content) == (there.status_code, there.content)
    assert sorted(here.headers.multi_items()) == sorted(there.headers.multi_items())


async def test_nothing_invisible_comes_in(direct: httpx.AsyncClient) -> None:
    answer = await direct.post("/api/things", json={"type": "thing", "id": str(THING), "names": ["a", "b\u202ec"]})
    assert (answer.status_code, answer.json()["data"]["errors"][0]["source"]) == (400, "names")


async def test_head_tells_of_an_answer_all_but_its_body(direct: httpx.AsyncClient) -> None:
    head, whole = await direct.head(f"/api/things/{THING}"), await direct.get(f"/api/things/{THING}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_what_a_whole_ground_does_at_once_goes_directly(app: object) -> None:
    way = Dispatch(app, None, None)  # type: ignore[arg-type]  # only its ways are asked
    order, event = uuid4(), uuid4()
    assert way.find("POST", "/api/orders")[0] == "/api/orders"
    assert way.find("GET", f"/api/orders/{order}") == ("/api/orders/{order_id}", [order])
    assert way.find("POST", f"/api/orders/{order}/payment")[0] == "/api/orders/{order_id}/payment"
    assert way.find("POST", "/api/payments/webhooks/sandbox")[0] == "/api/payments/webhooks/sandbox"
    assert way.find("GET", f"/api/events/{event}/availability")[0] == "/api/events/{event_id}/availability"
    assert way.find("GET", "/api/stream")[0] is None
