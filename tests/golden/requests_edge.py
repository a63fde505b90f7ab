"""Requests about HTTP itself, and every header of a response: what any client, cache or proxy sees
of a route.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx

from tests.golden import requests_cast as cast
from tests.golden.renames_exchange import Translator
from tests.golden.requests_log import PROBLEM, Exchange, answer_of, headers_of
from tests.golden.requests_variants import UNKNOWN_ID

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ODD_METHODS = ("TRACE", "PROPFIND")
ELSEWHERE = "https://elsewhere.example"
PREFLIGHT = {"origin": ELSEWHERE, "access-control-request-method": "POST"}
DRAWN = ("x-request-id", "etag", "last-modified", "virage-version", "content-length")
"""Headers whose values follow from the moment, the build or the length of words; that they are there is compared."""
UNKNOWN = (
    *("/api", "/api/", "/api/none", "/api/none/", "/api/events/", "/api//events", "//api/events", "/API/events"),
    *("/none", "/none/", "/none.js", "/assets/none.js", "/assets/", "/index.html", "/", "/staff", "/staff/"),
    *("/office/none", "/tickets/none", "/.well-known/none", "/api/events/%00", "/api/events/%2e%2e", "/%2e%2e/etc"),
    *("/sw.js", "/manifest.webmanifest", "/icon.svg", "/robots.txt", "/favicon.ico", "/mailbox/none", "/cards/none"),
)
RANGED = ("/icon.svg", "/sw.js", "/api/club")
TOO_LONG = "e" * 4_000_000


def all_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return every header of a response by its name; of a cookie its name and attributes."""
    pairs = [(name.lower(), value) for name, value in headers]
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in DRAWN:
            found[name] = "yes"
        elif name != "set-cookie":
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found | {name: value for name, value in headers_of(pairs).items() if name.startswith("set-cookie")}


def at_the_edge(answer: httpx.Response) -> tuple[dict[str, str], Any]:
    """Return the compared parts of a response: all headers, and of the body a refusal or that there
    is one.
    """
    headers = all_headers(answer.headers.multi_items())
    content_type = answer.headers.get("content-type", "")
    if content_type.startswith(PROBLEM):
        return headers, answer_of(content_type, answer.content)
    return headers, "a body" if answer.content else None


def probes(routes: Sequence[tuple[str, set[str]]], recording: Sequence[Exchange], at: float) -> Iterator[Exchange]:
    """Yield requests about HTTP itself to every route, to unknown addresses, and to those that
    succeeded.
    """
    for path in UNKNOWN:
        for method in (*METHODS, *ODD_METHODS):
            yield Exchange(cast.ANONYMOUS, at, method, path)
        yield Exchange("admin", at, "GET", path)
    for template, _ in routes:
        path = re.sub(r"{[^}]+}", UNKNOWN_ID, template)
        for method in (*METHODS, ODD_METHODS[0]):
            yield Exchange(cast.ANONYMOUS, at, method, path)
        for method in ("HEAD", "PATCH", "OPTIONS"):
            yield Exchange("admin", at, method, path)
        if not path.endswith("/"):
            yield Exchange(cast.ANONYMOUS, at, "GET", f"{path}/")
            yield Exchange("admin", at, "GET", f"{path}/")
        yield Exchange(cast.ANONYMOUS, at, "OPTIONS", path, headers=PREFLIGHT)
    for path in RANGED:
        for headers in ({"range": "bytes=0-9"}, {"if-none-match": "*"}, {"accept-encoding": "br"}, {"accept": "a/b"}):
            yield Exchange(cast.ANONYMOUS, at, "GET", path, headers=headers)
    yield Exchange(cast.ANONYMOUS, at, "POST", "/api/sign-in/codes", json={"email": TOO_LONG})
    yield from heads(recording, at)


def heads(recording: Sequence[Exchange], at: float) -> Iterator[Exchange]:
    """Yield a HEAD request, and the same from another site, for each read that once succeeded."""
    seen = set()
    for exchange in recording:
        route = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", exchange.path)
        if exchange.method == "GET" and exchange.status == 200 and route not in seen:
            seen.add(route)
            for headers in ({}, {"origin": ELSEWHERE}):
                yield Exchange(exchange.who, at, "HEAD", exchange.path, exchange.query, headers=headers)


def moved(translator: Translator, exchange: Exchange) -> Exchange:
    """Return a request under today's path and query, for any method: some method of the path is
    known.
    """
    path = exchange.path.rstrip("/")
    for method in (exchange.method, *METHODS):
        if translator.operation_of(method, path) is not None:
            known = translator.exchange(Exchange(exchange.who, exchange.at, method, path, exchange.query))
            exchange.path = known.path + exchange.path[len(path) :]
            exchange.query = known.query
            break
    return exchange
