"""The built web apps, served from memory: hashed assets are immutable, pages and service worker are revalidated."""

import gzip
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from starlette.types import Receive, Send

from virage.platform.web.caching import FOR_EVER
from virage.platform.web.problems import Problem
from virage.platform.web.security import READER_POLICY

WEB = Path(__file__).parents[2] / "web"

_ADDRESSES = "addresses.json"  # web/vite.config.ts writes it
_OK = 200
_WORTH_COMPRESSING = 1_000

_IMMUTABLE = FOR_EVER.encode()
_FRESH = b"no-cache"
_WORKER = ".worker-"
_COMPRESSED = ((b"br", ".br"), (b"gzip", ".gz"))
_TEXT = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg+xml")
_NOT_BUILT = b"The web app is not built. Run `make setup` (or npm --prefix web run build), then start again.\n"

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("application/wasm", ".wasm")
mimetypes.add_type("font/woff2", ".woff2")


class File(Struct, frozen=True):
    """A file to serve: media type, `cache-control`, ETag, and its bytes in each encoding."""

    media_type: bytes
    caching: bytes
    etag: bytes
    policy: bytes | None  # content security policy, if it differs from the default
    bodies: tuple[tuple[bytes, bytes], ...]  # (content encoding, bytes), the preferred first, plain (b"") last


class App(Struct, frozen=True):
    """A web app: all addresses under `prefix` get `page` ("/staff.html"), `addresses` are those that exist.

    `previous` are addresses of earlier versions; the app replaces them by the current ones.
    """

    prefix: str
    page: str
    addresses: tuple[str, ...]
    previous: tuple[str, ...] = ()


PageExists = Callable[[str], Awaitable[bool]]


class Static:
    """An ASGI application: files below `root`, and for every other address the page of the web app that it belongs to.

    The status is 404 for an address that the app does not have (the build lists its addresses, `/events/:id`), and for
    one whose last segment does not exist according to `pages`. The page is the same: the app shows what is missing.
    """

    def __init__(self, root: Path = WEB, pages: Mapping[str, PageExists] | None = None) -> None:
        self._apps, self._files = read_web(root)
        self._pages = pages or {}

    async def __call__(self, scope: Any, _receive: Receive, send: Send) -> None:
        """Serve GET and HEAD. Raises Problem for other methods and for missing files."""
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem("method_not_allowed", headers={"allow": "GET, HEAD"})
        path = scope["path"]
        found = self._files.get(path)
        if found is not None:
            await serve(found, scope, send)
            return
        if "." in path.rsplit("/", 1)[-1] and not _navigates(scope):
            raise Problem("not_found")
        app = next((app for app in self._apps if f"{path}/".startswith(f"{app.prefix.rstrip('/')}/")), None)
        page = None if app is None else self._files.get(app.page)
        if app is None or page is None:
            await _answer(send, 503, [(b"content-type", b"text/plain; charset=utf-8")], _NOT_BUILT)
            return
        await serve(page, scope, send, status=_OK if await self._has(app, path) else 404)

    async def _has(self, app: App, path: str) -> bool:
        """Return whether the app has a page at an address."""
        parts = path.strip("/").split("/")
        for address in (*app.addresses, *app.previous):
            wanted = address.strip("/").split("/")
            if len(wanted) == len(parts) and all(map(_fits, wanted, parts)):
                exists = self._pages.get(address)
                return exists is None or await exists(parts[-1])
        return False


def read_web(root: Path) -> tuple[list[App], dict[str, File]]:
    """Return the apps, the most specific prefix first, and their files by path, compressed; takes about a second."""
    listed = root / _ADDRESSES
    apps = msgspec.json.decode(listed.read_bytes(), type=list[App]) if listed.is_file() else []
    files: dict[str, File] = {}
    for path in _plain_files(root):
        with suppress(FileNotFoundError):  # a running build removes files
            files[f"/{path.relative_to(root).as_posix()}"] = _load(path)
    return apps, files


def _fits(wanted: str, part: str) -> bool:
    return part != "" if wanted.startswith(":") else wanted == part


def _navigates(scope: Any) -> bool:
    """Return whether the request is a page navigation rather than for a file."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def serve(found: File, scope: Any, send: Send, status: int = _OK) -> None:
    """Send a file for GET or HEAD: compressed if the client accepts it, 304 if it has the current version."""
    asked = {name: value for name, value in scope["headers"] if name in (b"accept-encoding", b"if-none-match")}
    accepted = _encodings(asked.get(b"accept-encoding", b"").decode("latin-1"))
    encoding, body = next(pair for pair in found.bodies if not pair[0] or pair[0].decode() in accepted)
    headers = [(b"cache-control", found.caching), (b"etag", found.etag), (b"vary", b"accept-encoding")]
    if found.policy is not None:
        headers.append((b"content-security-policy", found.policy))
    if status == _OK and found.etag in asked.get(b"if-none-match", b""):
        await _answer(send, 304, headers, b"")
        return
    headers += [(b"content-type", found.media_type), (b"content-length", str(len(body)).encode())]
    if encoding:
        headers.append((b"content-encoding", encoding))
    await _answer(send, status, headers, b"" if scope["method"] == "HEAD" else body)


class FileResponse:
    """A response of a handler that is a file."""

    def __init__(self, found: File) -> None:
        self._found = found

    async def __call__(self, scope: Any, _receive: Receive, send: Send) -> None:
        """Send the file (ASGI)."""
        await serve(self._found, scope, send)


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether an `accept-encoding` header (RFC 9110, 12.5.3) allows gzip."""
    return "gzip" in _encodings(accept_encoding)


def _encodings(accept_encoding: str) -> set[str]:
    return {part.partition(";")[0].strip() for part in accept_encoding.split(",")}


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _plain_files(root: Path) -> list[Path]:
    suffixes = tuple(suffix for _, suffix in _COMPRESSED)
    return [
        path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.endswith((*suffixes, _ADDRESSES))
    ]


def _load(path: Path) -> File:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return file_of(
        path.read_bytes(),
        media_type,
        caching=_IMMUTABLE if path.parent.name == "assets" else _FRESH,
        policy=READER_POLICY.encode() if _WORKER in path.name else None,
        compressed={
            encoding: beside.read_bytes()
            for encoding, suffix in _COMPRESSED
            if (beside := path.with_name(path.name + suffix)).is_file()
        },
    )


def file_of(
    body: bytes,
    media_type: str,
    *,
    caching: bytes = _FRESH,
    policy: bytes | None = None,
    compressed: Mapping[bytes, bytes] | None = None,
) -> File:
    """Return bytes as a file to serve; text without gzip among `compressed` is compressed here, which is slow."""
    is_text = media_type.startswith(_TEXT)
    encodings = dict(compressed or {})
    if is_text and len(body) > _WORTH_COMPRESSING:
        encodings.setdefault(b"gzip", gzip.compress(body, 9, mtime=0))
    return File(
        media_type=(f"{media_type}; charset=utf-8" if is_text else media_type).encode(),
        caching=caching,
        etag=f'"{sha256(body).hexdigest()[:32]}"'.encode(),
        policy=policy,
        bodies=(*encodings.items(), (b"", body)),
    )
