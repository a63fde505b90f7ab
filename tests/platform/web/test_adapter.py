"""Responses of the platform, by kind of route."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from virage.app.application import create_app
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web import bodies
from virage.platform.web.guard import Credential, Principal, with_session
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Named, Request, Response, get, mount, post
from virage.platform.web.security import session_cookie


class Thing(Struct, tag="thing"):
    id: UUID
    names: list[str] = []


class Other(Struct, tag="other"):
    n: int


@get("/things/{thing_id:uuid}", public=True)
async def thing(thing_id: UUID) -> Thing:
    return Thing(thing_id)


@get("/things/{thing_id:uuid}/parts/{part:str}", public=True)
async def part(thing_id: UUID, part: str) -> Thing:
    return Thing(thing_id, [part])


@post("/things", public=True)
async def make(data: Thing | Other) -> Thing | Other:
    return data


@post("/things/{thing_id:uuid}/nothing", public=True, status_code=204)
async def nothing(thing_id: UUID) -> None:
    return None


@get("/text", public=True)
async def text() -> str:
    return "été"


@get("/page", public=True)
async def page() -> Response[str]:
    return Response("<p>", media_type="text/html", headers={"X-Own": "1"})


@get("/bytes", public=True)
async def raw() -> Response[bytes]:
    return Response(b"\x00\xff", media_type="application/octet-stream", cookies=[session_cookie("x", 60)])


@get("/empty", public=True)
async def empty() -> Response[bytes]:
    return Response(b"", status_code=304, headers={"etag": '"x"'})


@get("/flow", public=True)
async def flow() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return StreamingResponse(parts(), media_type="text/plain")


@get("/endless", public=True)
async def endless() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"again"
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type="text/plain")


@post("/mine", guards=[with_session])
async def mine(data: Other) -> Other:
    return data


@get("/asked", public=True)
async def asked(request: Request) -> str:
    return str(request.headers["x-ask"]) + str(request.url.path)


@get("/limited/{name:str}", public=True)
async def limited(name: Annotated[str, Meta(max_length=3)]) -> str:
    return name


@get("/searched", public=True)
async def searched(q: str = "none") -> str:
    return q


@get("/between", public=True)
async def between(first: Annotated[int, Named("from")], last: Annotated[int, Named("to")] = 9) -> list[int]:
    return [first, last]


@get("/wrapped", public=True)
async def wrapped() -> Response[Thing]:
    return Response(Thing(THING), headers={"cache-control": "no-cache"})


@get("/refused", public=True)
async def refused() -> str:
    raise Problem("seat_taken", {"place": 7})


ROUTES = [
    thing,
    part,
    make,
    nothing,
    text,
    page,
    raw,
    empty,
    flow,
    endless,
    mine,
    asked,
    limited,
    searched,
    wrapped,
    between,
    refused,
]
THING = UUID("0190d1b8-0000-7000-8000-000000000007")
JSON = {"content-type": "application/json"}


async def anonymous(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [None for _ in credentials]


@pytest.fixture
def kernel_alone(db: Database) -> httpx.AsyncClient:
    """A browser of the platform with these routes alone."""
    app = create_app(
        [mount("/api", ROUTES)], config=Config(secret="x" * 32), db=db, clock=Clock(), authenticator=anonymous
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://virage.local")


ASKS = JSON | {"x-ask": "yes"}
A_THING = b'{"type":"thing","id":"%b","names":[]}' % str(THING).encode()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (f"/api/things/{THING}", A_THING),
        (f"/api/things/{THING}/", A_THING),
        (f"/api/things/{THING.hex}", A_THING),
        (f"/api/things/{THING}/parts/a%20b", A_THING.replace(b"[]", b'["a b"]')),
        (f"/api/things/{THING}/parts/a%2520b", A_THING.replace(b"[]", b'["a%20b"]')),
        ("/api/text", '"été"'.encode()),
        ("/api/page", b"<p>"),
        ("/api/bytes", b"\x00\xff"),
        ("/api/flow", b"ab"),
        ("/api/asked", b'"yes/api/asked"'),
        ("/api/limited/abc", b'"abc"'),
        ("/api/searched", b'"none"'),
        ("/api/searched?q=found", b'"found"'),
    ],
)
async def test_requests_are_answered(kernel_alone: httpx.AsyncClient, path: str, answer: bytes) -> None:
    answered = await kernel_alone.get(path, headers=ASKS)
    assert (answered.status_code, answered.content) == (200, answer)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/things/none", None, 404),
        ("GET", f"/api/things/{THING}/parts/", None, 404),
        ("GET", "/api/nowhere", None, 404),
        ("HEAD", "/api/nowhere", None, 404),
        ("GET", "/api/limited/abcd", None, 400),
        ("GET", "/api/refused", None, 409),
        ("PUT", "/api/things", b"{}", 405),
        ("POST", "/api/things", b'{"type":"other","n":"1"}', 400),
        ("POST", "/api/things", b'{"type":"neither"}', 400),
        ("POST", "/api/things", b'{"type":', 400),
        ("POST", "/api/things", b"", 400),
        ("POST", "/api/things", b"x" * 70_000, 413),
        ("POST", "/api/mine", b'{"type":"other","n":1}', 401),
    ],
)
async def test_invalid_requests_get_problem_documents(
    kernel_alone: httpx.AsyncClient, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = await kernel_alone.request(method, path, content=body, headers=ASKS)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert method == "HEAD" or answer.json()["status"] == status


async def test_a_body_is_decoded_as_its_declared_type(kernel_alone: httpx.AsyncClient) -> None:
    for body in (A_THING, b'{"type":"other","n":1}'):
        answer = await kernel_alone.post("/api/things", content=body, headers=JSON)
        assert (answer.status_code, answer.content) == (201, body)


async def test_headers_cookies_and_empty_responses_are_sent(kernel_alone: httpx.AsyncClient) -> None:
    page = await kernel_alone.get("/api/page")
    assert (page.headers["x-own"], page.headers["content-type"]) == ("1", "text/html; charset=utf-8")
    assert "__Host-virage=x" in (await kernel_alone.get("/api/bytes")).headers["set-cookie"]
    assert (await kernel_alone.post(f"/api/things/{THING}/nothing")).status_code == 204
    empty = await kernel_alone.get("/api/empty")
    assert (empty.status_code, empty.headers["etag"], empty.content) == (304, '"x"', b"")


async def test_invisible_characters_in_a_request_are_refused(kernel_alone: httpx.AsyncClient) -> None:
    answer = await kernel_alone.post(
        "/api/things", json={"type": "thing", "id": str(THING), "names": ["a", "b\u202ec"]}
    )
    assert (answer.status_code, answer.json()["data"]["errors"][0]["source"]) == (400, "names")


@pytest.mark.parametrize("path", [f"/api/things/{THING}", "/api/flow", "/api/text", "/api/endless"])
async def test_head_has_the_headers_of_get_and_no_body(kernel_alone: httpx.AsyncClient, path: str) -> None:
    head = await kernel_alone.head(path)
    assert (head.status_code, head.content) == (200, b"")
    if path not in ("/api/flow", "/api/endless"):
        assert head.headers["content-length"] == str(len((await kernel_alone.get(path)).content))


async def test_every_invalid_parameter_is_named_as_sent(kernel_alone: httpx.AsyncClient) -> None:
    assert (await kernel_alone.get("/api/between?from=1")).json() == [1, 9]
    both = (await kernel_alone.get("/api/between?from=x&to=")).json()["data"]["errors"]
    assert [(error["source"], error["key"]) for error in both] == [("query", "from"), ("query", "to")]
    [missing] = (await kernel_alone.get("/api/between?to=2")).json()["data"]["errors"]
    assert "`from`" in missing["message"]


async def test_options_and_refused_methods_list_the_allowed_methods(kernel_alone: httpx.AsyncClient) -> None:
    options = await kernel_alone.options(f"/api/things/{THING}")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "GET, HEAD, OPTIONS", b"")
    other = await kernel_alone.delete("/api/things")
    assert (other.status_code, other.headers["allow"]) == (405, "OPTIONS, POST")


async def test_a_body_that_arrives_too_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.01)
    first = [{"type": "http.request", "body": b"{", "more_body": True}]
    never = asyncio.Event()

    async def receive() -> Any:
        if not first:
            await never.wait()
        return first.pop()

    with pytest.raises(Problem) as refused:
        await bodies.read_body(receive, 60_000)
    assert refused.value.code == "request_timeout"


async def test_the_time_limit_of_a_body_grows_with_its_received_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.01)
    monkeypatch.setattr(bodies, "BODY_BYTES_A_SECOND", 1)
    loop = asyncio.get_running_loop()
    second: asyncio.Future[Any] = loop.create_future()
    loop.call_later(0.05, second.set_result, {"type": "http.request", "body": b"y", "more_body": False})
    first = [{"type": "http.request", "body": b"x" * 100, "more_body": True}]

    async def receive() -> Any:
        return first.pop() if first else await second

    assert await bodies.read_body(receive, 60_000) == b"x" * 100 + b"y"
