"""Limits for open streams: per process, per session, and per kind of principal.

Limits never depend on the IP address, because a whole stadium shares a few. Anonymous visitors and guests cost an
attacker nothing, so together they get at most three quarters of the streams; the rest is for signed-in people.
"""

import sys
from typing import Final, Generic, TypeVar
from uuid import UUID

from virage.platform.web.guard import Kind, Principal

COMFORTABLE: Final = 20_000
"""Number of streams that one process can write to without noticeable delay."""
CONNECTIONS_MAX: Final = 50_000


def connections() -> int:
    """Return the maximum number of connections of a process: nine tenths of its file descriptors.

    Further connections wait in the accept queue until one ends.
    """
    if sys.platform == "win32":
        return CONNECTIONS_MAX
    import resource  # noqa: PLC0415 - the module does not exist on Windows

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if files == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, files * 9 // 10)


def room() -> int:
    """Return the maximum number of streams of a process; a ninth of its connections is kept for other requests."""
    return min(COMFORTABLE, connections() * 8 // 9)


LISTENERS_MAX = room()
STRANGERS_MAX = LISTENERS_MAX // 4
WITHOUT_ACCOUNT_MAX = LISTENERS_MAX * 3 // 4
PER_SESSION_MAX = 8

Listener = TypeVar("Listener")


class Audience(Generic[Listener]):
    """The open streams of this process and their limits.

    A session above its limit loses its oldest stream: a browser that lost its connection reconnects before the server
    notices that the old one is dead. API clients have no limit per session, because they serve many people and their
    token can be revoked.
    """

    def __init__(self) -> None:
        self._principals: dict[Listener, Principal] = {}
        self._of_session: dict[UUID, dict[Listener, None]] = {}
        self._of_principal: dict[UUID, set[Listener]] = {}
        self._without_account: dict[Kind, int] = {"anonymous": 0, "guest": 0}

    def __len__(self) -> int:
        return len(self._principals)

    def __contains__(self, listener: Listener) -> bool:
        return listener in self._principals

    def has_room(self, principal: Principal) -> bool:
        """Return whether one more stream of this kind of principal may open."""
        strangers, guests = self._without_account["anonymous"], self._without_account["guest"]
        if principal.kind == "anonymous" and strangers >= STRANGERS_MAX:
            return False
        if principal.kind in self._without_account and strangers + guests >= WITHOUT_ACCOUNT_MAX:
            return False
        return len(self._principals) < LISTENERS_MAX

    def enter(self, listener: Listener, principal: Principal) -> None:
        """Add a stream."""
        self._principals[listener] = principal
        if principal.kind in self._without_account:
            self._without_account[principal.kind] += 1
        if principal.session_id is not None:
            self._of_session.setdefault(principal.session_id, {})[listener] = None
        if principal.id is not None:
            self._of_principal.setdefault(principal.id, set()).add(listener)

    def of(self, principal_id: UUID) -> list[Listener]:
        """Return the streams of a person, an API client or a device."""
        return list(self._of_principal.get(principal_id, ()))

    def too_many(self, session_id: UUID | None) -> list[Listener]:
        """Return the oldest streams of a session that exceed its limit."""
        present = [] if session_id is None else list(self._of_session.get(session_id, ()))
        return present[: max(0, len(present) - PER_SESSION_MAX)]

    def leave(self, listener: Listener) -> None:
        """Remove a stream."""
        principal = self._principals.pop(listener)
        if principal.kind in self._without_account:
            self._without_account[principal.kind] -= 1
        if principal.session_id is not None:
            group = self._of_session[principal.session_id]
            del group[listener]
            if not group:
                del self._of_session[principal.session_id]
        if principal.id is not None:
            same = self._of_principal[principal.id]
            same.discard(listener)
            if not same:
                del self._of_principal[principal.id]
