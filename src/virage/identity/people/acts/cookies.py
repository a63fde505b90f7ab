"""The cookie in which a browser keeps its session."""

from virage.identity.people.rules.people_config import COOKIE_AGE_S
from virage.platform.web.security import session_cookie


def cookie_of(token: str, *, secure: bool) -> str:
    """Return the cookie of a session that was opened with this token. `secure` is `Config.secure_cookies`."""
    return session_cookie(token, COOKIE_AGE_S, secure=secure)
