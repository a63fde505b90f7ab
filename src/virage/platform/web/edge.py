"""The outermost ASGI middleware: request id, request context, cross-site check, security headers, access log."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from secrets import token_hex
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from virage.platform.settings import logs
from virage.platform.web.guard import Credential, Principal, Visit, current_visit
from virage.platform.web.problems import Problem
from virage.platform.web.security import SAFE_METHODS, credential, from_another_site

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_REQUEST_ID_BYTES = 8
_NO_STORE = (b"cache-control", b"no-store")

Authenticate = Callable[[Credential], Awaitable[Principal | None]]
Observe = Callable[[Any, Visit, int, float], None]
Refuse = Callable[[Problem, Scope, Receive, Send], Awaitable[None]]


class Edge:
    """Creates the context of a request, refuses cross-site requests, adds security headers, and reports the result.

    `inner` serves addresses whose first segment is in `owned`, `static` all others. `refuse` sends a problem document.
    `observe` is called with (scope, context, status, seconds) after the response.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        static: ASGIApp,
        owned: frozenset[str],
        authenticate: Authenticate,
        headers: list[tuple[bytes, bytes]],
        secure_cookies: bool,
        refuse: Refuse,
        observe: Observe,
    ) -> None:
        self._inner = inner
        self._static = static
        self._owned = owned
        self._authenticate = authenticate
        self._headers = headers
        self._secure_cookies = secure_cookies
        self._refuse = refuse
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = perf_counter()
        visit, foreign = self._admit(scope)
        scope["virage"] = visit
        token, logged = current_visit.set(visit), logs.request_id.set(visit.request_id)
        status = 500
        request_id = (b"x-request-id", visit.request_id.encode())

        async def send_with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                visit.answered = True
                message["headers"] = [*message["headers"], request_id, *self._missing(message["headers"])]
            await send(message)

        try:
            if foreign:
                await self._refuse(Problem("cross_site"), scope, receive, send_with_headers)
            elif scope["path"][1:].partition("/")[0] in self._owned:
                await self._serve(scope, receive, send_with_headers)
            else:
                await self._serve_static(scope, receive, send_with_headers)
        finally:
            current_visit.reset(token)
            logs.request_id.reset(logged)
            self._observe(scope, visit, status, perf_counter() - started)

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve HEAD as GET without the body, for all routes."""
        if scope["method"] != "HEAD":
            await self._inner(scope, receive, send)
            return
        scope["method"] = "GET"
        try:
            await self._inner(scope, *_without_body(send))
        finally:
            scope["method"] = "HEAD"

    async def _serve_static(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._static(scope, receive, send)
        except Problem as problem:
            await self._refuse(problem, scope, receive, send)

    def _admit(self, scope: Any) -> tuple[Visit, bool]:
        """Return the context of the request, and whether a page of another site sent it."""
        cookies: list[bytes] = []
        seen: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name == b"cookie":
                cookies.append(value)
            else:
                seen[name] = value
        given = seen.get(b"x-request-id", b"")
        request_id = given.decode() if given and _REQUEST_ID.fullmatch(given) else token_hex(_REQUEST_ID_BYTES)
        shown = credential(cookies, seen.get(b"authorization"), secure=self._secure_cookies)
        visit = Visit(request_id, shown, seen.get(b"content-type", b""), self._authenticate)
        foreign = scope["method"] not in SAFE_METHODS and from_another_site(
            seen.get(b"sec-fetch-site"), seen.get(b"origin"), seen.get(b"host")
        )
        return visit, foreign

    def _missing(self, present: Any) -> list[tuple[bytes, bytes]]:
        """Return the headers that the response lacks; without `cache-control` it gets `no-store`."""
        names = {name for name, _ in present}
        missing = [pair for pair in self._headers if pair[0] not in names]
        if b"cache-control" not in names:
            missing.append(_NO_STORE)
        return missing


def _without_body(send: Any) -> tuple[Any, Any]:
    """Return `receive` and `send` for a HEAD request; a stream ends before its first byte."""
    ended = asyncio.Event()

    async def receiving() -> dict[str, str]:
        await ended.wait()
        return {"type": "http.disconnect"}

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            ended.set()

    return receiving, sending
