from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec
import pytest

from virage.app.application import create_app
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Credential, Principal
from virage.platform.web.http import Application
from virage.platform.web.static import Static


async def anonymous(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [None for _ in credentials]


async def seven(number: str) -> bool:
    return number == "7"


def serving(root: Path, db: Database) -> httpx.AsyncClient:
    config = Config(secret="x" * 32, demo=True)
    app: Application = create_app(
        [],
        config=config,
        db=db,
        clock=Clock(),
        authenticator=anonymous,
        static=Static(root, {"/events/:id": seven}),
    )
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="https://virage.local")


@pytest.fixture
def web(tmp_path: Path, db: Database) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Virage</title>")
    (tmp_path / "sw.js").write_text("// worker")
    (tmp_path / "staff.html").write_text("<title>Staff</title>")
    apps = [
        {"prefix": "/staff", "page": "/staff.html", "addresses": ["/staff", "/staff/gate"]},
        {
            "prefix": "/",
            "page": "/index.html",
            "addresses": ["/", "/food", "/food/:outlet", "/events/:id"],
            "previous": ["/bars"],
        },
    ]
    (tmp_path / "addresses.json").write_bytes(msgspec.json.encode(apps))
    (tmp_path / "assets" / "app-1a2b.js").write_text("plain")
    (tmp_path / "assets" / "app-1a2b.js.br").write_bytes(b"small")
    return serving(tmp_path, db)


async def test_an_address_of_the_app_returns_its_page(web: httpx.AsyncClient) -> None:
    answer = await web.get("/events/7")
    assert (answer.status_code, answer.text) == (200, "<title>Virage</title>")
    assert answer.headers["cache-control"] == "no-cache"
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["/", "/food", "/food/01", "/events/7", "/food/", "/bars"])
async def test_an_address_of_the_app_is_found(path: str, web: httpx.AsyncClient) -> None:
    answer = await web.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.text) == (200, "<title>Virage</title>")
    again = await web.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/docs", "/food/01/no", "/events", "/events/", "/events/8", "/old.php", "/addresses.json"]
)
async def test_any_other_address_is_404_with_the_page(path: str, web: httpx.AsyncClient) -> None:
    known = await web.get("/")
    asked = {"accept": "text/html,*/*;q=0.8", "if-none-match": known.headers["etag"]}
    answer = await web.get(path, headers=asked)
    assert (answer.status_code, answer.text) == (404, "<title>Virage</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/staff", 200, "Staff"),
        ("/staff/", 200, "Staff"),
        ("/staff/gate", 200, "Staff"),
        ("/staff/food", 404, "Staff"),
        ("/staffroom", 404, "Virage"),
    ],
)
async def test_each_app_has_its_page(path: str, status: int, title: str, web: httpx.AsyncClient) -> None:
    answer = await web.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.text) == (status, f"<title>{title}</title>")


async def test_a_hashed_file_is_immutable_and_compressed(web: httpx.AsyncClient) -> None:
    answer = await web.get("/assets/app-1a2b.js", headers={"accept-encoding": "gzip"})
    assert answer.text == "plain"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    async with web.stream("GET", "/assets/app-1a2b.js", headers={"accept-encoding": "gzip, br"}) as compressed:
        assert compressed.headers["content-encoding"] == "br"
        assert b"".join([part async for part in compressed.aiter_raw()]) == b"small"


async def test_long_text_without_a_compressed_file_is_compressed_at_start(tmp_path: Path, db: Database) -> None:
    (tmp_path / "long.js").write_text("a long text, " * 1_000)
    web = serving(tmp_path, db)
    plain = await web.get("/long.js", headers={"accept-encoding": "identity"})
    small = await web.get("/long.js", headers={"accept-encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) // 10
    assert small.text == plain.text


async def test_the_service_worker_is_always_revalidated(web: httpx.AsyncClient) -> None:
    answer = await web.get("/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    again = await web.get("/sw.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_missing_file_is_a_problem_and_not_the_page(web: httpx.AsyncClient) -> None:
    answer = await web.get("/assets/old.js")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_nothing_outside_of_the_folder_is_reachable(web: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.txt").write_text("secret")
    assert (await web.get("/assets/%2e%2e/%2e%2e/secret.txt")).status_code == 404


async def test_post_to_the_app_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_web_that_is_not_built_says_what_to_do(tmp_path: Path, db: Database) -> None:
    answer = await serving(tmp_path, db).get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
