"""Security of browser sessions: headers, cookies, the origin of a request."""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from virage.platform.settings.origin import is_loopback, names_this_machine
from virage.platform.web.guard import Credential

COOKIE = "__Host-virage"
LOOPBACK_COOKIE = "virage"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_STRICT = (COOKIE.encode() + b"=",)
_LOOPBACK = (LOOPBACK_COOKIE.encode() + b"=", *_STRICT)
_BEARER_PREFIX = b"bearer "
_TOKEN_LENGTH_MAX = 256
_FORWARDING = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})

_POLICY = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
]
CONTENT_SECURITY_POLICY = "; ".join(_POLICY)
READER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""Policy of web worker scripts, such as the QR reader: WebAssembly is allowed there, and in no page."""

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=(), browsing-topics=()"
    ),
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_HSTS = ("strict-transport-security", "max-age=31536000")


def headers(*, secure: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of every response; `secure` adds HSTS."""
    wanted = [*_HEADERS.items(), *([_HSTS] if secure else [])]
    return [(name.encode(), value.encode()) for name, value in wanted]


def cookie_name(name: str, *, secure: bool) -> str:
    """Return the full name of a cookie. `secure` is `Config.secure_cookies`."""
    return f"__Host-{name}" if secure else name


def host_cookie(name: str, value: str, max_age_s: int, *, secure: bool) -> str:
    """Return the value of `set-cookie` for a host-only cookie that scripts cannot read."""
    carrier = Response()
    key = cookie_name(name, secure=secure)
    carrier.set_cookie(key, value, max_age_s, path="/", secure=secure, httponly=True, samesite="lax")
    return carrier.headers["set-cookie"]


def session_cookie(token: str, max_age_s: int, *, secure: bool = True) -> str:
    """Return the cookie that carries a session."""
    return host_cookie(LOOPBACK_COOKIE, token, max_age_s, secure=secure)


def ended_cookie(*, secure: bool = True) -> str:
    """Return the cookie that deletes the session from a browser."""
    return session_cookie("", 0, secure=secure)


def credential(cookies: Sequence[bytes], authorization: bytes | None, *, secure: bool = True) -> Credential | None:
    """Return the credential of a request: its bearer token, else its cookie, else None.

    Without `secure` (`Config.secure_cookies`) a cookie without the `__Host-` prefix is accepted too, and preferred.
    """
    if authorization is not None:
        token = authorization[len(_BEARER_PREFIX) :].strip()
        if authorization[: len(_BEARER_PREFIX)].lower() != _BEARER_PREFIX or not 0 < len(token) <= _TOKEN_LENGTH_MAX:
            return None
        return Credential("bearer", hashlib.sha256(token).digest())
    pairs = [part.strip() for header in cookies for part in header.split(b";")]
    for prefix in _STRICT if secure else _LOOPBACK:
        for pair in pairs:
            if pair.startswith(prefix) and len(prefix) < len(pair) <= _TOKEN_LENGTH_MAX:
                return Credential("cookie", hashlib.sha256(pair[len(prefix) :]).digest())
    return None


def from_another_site(fetch_site: bytes | None, origin: bytes | None, host: bytes | None) -> bool:
    """Return whether a page of another site sent this unsafe request.

    Browsers send Sec-Fetch-Site, older ones Origin. API clients send neither, and no cookie.
    """
    if fetch_site is not None:
        return fetch_site not in (b"same-origin", b"none")
    if origin is None:
        return False
    return host is None or origin.lower().partition(b"://")[2] != host.lower()


def is_local(scope: Any) -> bool:
    """Return whether the request comes from this machine and names it as its host.

    DNS rebinding and requests with forwarding headers do not pass. A proxy without such headers cannot be distinguished
    from this machine, so callers check `Config.is_private` too.
    """
    headers = dict(scope["headers"])
    if not _FORWARDING.isdisjoint(headers):
        return False
    peer = (scope.get("client") or ("",))[0]
    try:
        name = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname or ""
    except ValueError:
        return False
    return is_loopback(peer) and names_this_machine(name)
