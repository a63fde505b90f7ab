import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct

from virage.app.application import create_app
from virage.platform.data.batching import Overloaded
from virage.platform.data.database import Database, Unavailable
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import token_hash
from virage.platform.web import openapi
from virage.platform.web.adapter import Served
from virage.platform.web.guard import Credential, Principal, signed_in, staff, with_session
from virage.platform.web.http import Application
from virage.platform.web.problems import granted
from virage.platform.web.routing import BODY_BYTES_MAX, Request, Response, get, mount, post
from virage.platform.web.security import session_cookie

FAN = Principal("fan", uuid4(), uuid4())
GUEST = Principal("guest", None, uuid4())
KNOWN = {Credential("cookie", token_hash("fan")): FAN, Credential("bearer", token_hash("guest")): GUEST}


class Wish(Struct, forbid_unknown_fields=True):
    seats: int
    note: str = ""


@get("/things/{thing_id:uuid}", public=True)
async def get_thing(thing_id: UUID, clock: Clock, size: int = 1) -> dict[str, Any]:
    return {"id": thing_id, "size": size, "clock": clock.now() is not None}


@post("/wishes", public=True)
async def make_wish(data: Wish) -> Wish:
    return data


@get("/seats", public=True)
async def list_seats() -> list[int]:
    return [1]


@post("/seats", public=True)
async def add_seat() -> int:
    return 2


@post("/baskets", guards=[with_session])
async def make_basket(principal: Principal) -> str:
    return principal.kind


@get("/me", guards=[signed_in])
async def get_me(principal: Principal) -> UUID | None:
    return principal.id


@get("/office", guards=[staff("finance")])
async def get_office() -> str:
    return "money"


@get("/fails/{how:str}", public=True)
async def fail(how: str) -> str:
    match how:
        case "refused":
            return granted(Refused("seat_taken", {"place": 7}))
        case "overloaded":
            raise Overloaded
        case "unavailable":
            raise Unavailable
        case _:
            raise RuntimeError("an unexpected failure")


@post("/sessions", public=True, status_code=200)
async def open_session() -> Response[None]:
    return Response(None, cookies=[session_cookie("fan", 3600)])


@get("/cached", public=True)
async def get_cached() -> Response[str]:
    return Response("x", headers={"cache-control": "public, max-age=60"})


@post("/large", public=True, body_bytes_max=1_000_000)
async def take_large(request: Request) -> int:
    return len(await request.body())


class Loose(Struct):
    seats: int


@post("/loose", public=True)
async def take_loose(data: Loose) -> Loose:
    return data


ROUTES = [
    get_thing,
    make_wish,
    list_seats,
    add_seat,
    make_basket,
    get_me,
    get_office,
    fail,
    open_session,
    get_cached,
    take_large,
    take_loose,
]


class Asked:
    """Counts how often the principal was resolved."""

    times = 0

    async def __call__(self, credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        self.times += len(credentials)
        return [KNOWN.get(credential) for credential in credentials]


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
async def web(db: Database, asked: Asked) -> AsyncIterator[httpx.AsyncClient]:
    config = Config(secret="x" * 32, public_url="https://virage.local")
    app = create_app([mount("/api", ROUTES)], config=config, db=db, clock=Clock(), authenticator=asked)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        yield browser


async def test_a_handler_gets_the_parameters_that_it_names(web: httpx.AsyncClient) -> None:
    thing = uuid4()
    answer = await web.get(f"/api/things/{thing}?size=3")
    assert answer.json() == {"id": str(thing), "size": 3, "clock": True}


@pytest.mark.parametrize("path", ["/api/things/no-uuid", "/api/nothing", "/api", "/api/"])
async def test_an_unknown_address_is_a_problem_document(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


async def test_options_names_every_method_of_an_address(web: httpx.AsyncClient) -> None:
    answer = await web.options("/api/seats")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await web.delete("/api/seats")).headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_wrong_method_names_the_right_one(web: httpx.AsyncClient) -> None:
    answer = await web.delete("/api/wishes")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"seats": "2"}', 400, "invalid"),
        (b'{"seats": 2, "more": 1}', 400, "invalid"),
        (b'{"seats": 2', 400, "invalid"),
        (b'{"seats": 2, "note": "\xff"}', 400, "invalid"),
        (b"", 400, "invalid"),
        (b"null", 400, "invalid"),
        (b'{"seats": 2, "note": "' + b"x" * BODY_BYTES_MAX + b'"}', 413, "too_large"),
    ],
)
async def test_a_wrong_body_is_a_problem(web: httpx.AsyncClient, body: bytes, status: int, code: str) -> None:
    answer = await web.post("/api/wishes", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_invalid_query_says_what_is_wrong(web: httpx.AsyncClient) -> None:
    answer = await web.get(f"/api/things/{uuid4()}?size=big")
    assert answer.status_code == 400
    assert answer.json()["data"]["errors"][0]["key"] == "size"


async def test_a_body_without_a_content_type_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/wishes", content=b'{"seats": 2}', headers={"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_a_chunked_body_is_limited_too(web: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    answer = await web.post("/api/wishes", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_a_route_can_allow_larger_bodies(web: httpx.AsyncClient) -> None:
    assert (await web.post("/api/large", content=b"x" * 500_000)).json() == 500_000


@pytest.mark.parametrize(
    ("how", "status", "code", "retry"),
    [
        ("refused", 409, "seat_taken", None),
        ("overloaded", 503, "overloaded", "1"),
        ("unavailable", 503, "unavailable", "1"),
        ("crash", 500, "internal", None),
    ],
)
async def test_every_exception_has_its_status_and_reveals_nothing(
    web: httpx.AsyncClient, how: str, status: int, code: str, retry: str | None
) -> None:
    answer = await web.get(f"/api/fails/{how}")
    assert (answer.status_code, answer.json()["code"], answer.headers.get("retry-after")) == (status, code, retry)
    assert "an unexpected failure" not in answer.text


async def test_a_valid_request_id_is_kept_and_another_replaced(web: httpx.AsyncClient) -> None:
    given = await web.get("/api/cached", headers={"x-request-id": "trace-1234"})
    assert given.headers["x-request-id"] == "trace-1234"
    forged = await web.get("/api/cached", headers={"x-request-id": "a b\tc"})
    assert forged.headers["x-request-id"] not in ("a b\tc", "")


@pytest.mark.parametrize("path", ["/api/cached", "/api/nothing", "/", "/healthz", "/api/me", "/api/fails/crash"])
async def test_every_response_has_the_security_headers(web: httpx.AsyncClient, path: str) -> None:
    headers = (await web.get(path)).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"]
    assert {"referrer-policy", "permissions-policy", "cross-origin-opener-policy", "x-request-id"} <= set(headers)


async def test_responses_are_not_cached_by_default(web: httpx.AsyncClient) -> None:
    assert (await web.get(f"/api/things/{uuid4()}")).headers["cache-control"] == "no-store"
    assert (await web.get("/api/cached")).headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "where", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
)
async def test_cross_site_requests_are_refused(web: httpx.AsyncClient, where: dict[str, str]) -> None:
    cookie = {"cookie": "__Host-virage=fan"}
    assert (await web.post("/api/baskets", headers=cookie)).status_code == 201
    refused = await web.post("/api/baskets", headers=cookie | where)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")


async def test_the_session_cookie_is_host_only_and_http_only(web: httpx.AsyncClient) -> None:
    header = (await web.post("/api/sessions")).headers["set-cookie"]
    assert header.startswith("__Host-virage=fan;")
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert (await web.get("/api/me")).json() == str(FAN.id)


async def test_guards_decide_before_the_body_is_read(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/me")).status_code == 401
    assert (await web.get("/api/office", headers={"cookie": "__Host-virage=fan"})).status_code == 403
    assert (await web.post("/api/baskets", headers={"authorization": "Bearer guest"})).json() == "guest"
    assert (await web.post("/api/baskets", headers={"authorization": "Bearer fan"})).status_code == 401


async def test_the_session_is_not_looked_up_without_need(web: httpx.AsyncClient, asked: Asked) -> None:
    cookie = {"cookie": "__Host-virage=fan"}
    await web.get("/api/cached", headers=cookie)
    assert asked.times == 0
    await web.get("/api/me", headers=cookie)
    assert asked.times == 1


async def test_a_device_above_its_rate_must_wait(web: httpx.AsyncClient) -> None:
    cookie = {"cookie": "__Host-virage=fan"}
    answers = [await web.post("/api/baskets", headers=cookie) for _ in range(60)]
    assert answers[0].status_code == 201
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_the_openapi_document_has_problems_and_security(web: httpx.AsyncClient) -> None:
    document = json.loads((await web.get("/api/openapi.json")).content)
    me, wish = document["paths"]["/api/me"]["get"], document["paths"]["/api/wishes"]["post"]
    assert me["operationId"] == "get_me"
    assert {} not in me["security"]
    assert {} in wish["security"]
    assert "ProblemDocument" in document["components"]["schemas"]


async def test_the_openapi_document_is_built_once_outside_the_event_loop(
    web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in: list[threading.Thread] = []
    build = openapi.document

    def document(served: Sequence[Served], messages: Mapping[str, type[Struct]]) -> bytes:
        built_in.append(threading.current_thread())
        return build(served, messages)

    monkeypatch.setattr(openapi, "document", document)
    answers = await asyncio.gather(*(web.get("/api/openapi.json") for _ in range(6)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(built_in) == 1
    assert built_in[0] is not threading.main_thread()


async def test_the_openapi_document_is_compressed_and_revalidated(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/openapi.json", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["openapi"].startswith("3.1")
    plain = await web.get("/api/openapi.json", headers={"accept-encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers
    again = await web.get("/api/openapi.json", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    head = await web.head("/api/openapi.json", headers={"accept-encoding": "identity"})
    assert (head.content, head.headers["content-length"]) == (b"", str(len(plain.content)))


async def test_an_unknown_method_of_a_static_page_is_a_problem(web: httpx.AsyncClient) -> None:
    assert (await web.request("PUT", "/")).json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
async def test_a_body_nested_without_end_is_refused(web: httpx.AsyncClient, opening: str, closing: str) -> None:
    deep = opening * 9_000 + "1" + closing * 9_000
    content = f'{{"seats": 1, "more": {deep}}}'
    answer = await web.post("/api/loose", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_an_invalid_origin_is_another_site(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/wishes", json={"seats": 1}, headers={"origin": "http://[::1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_a_request_target_that_is_not_a_path_is_refused(app: Application) -> None:
    async def starred(scope: Any, receive: Any, send: Any) -> None:
        await app(cast("Any", {**scope, "path": "*", "raw_path": b"*"}), receive, send)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=starred), base_url="https://virage.local"
    ) as browser:
        answer = await browser.options("/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
