"""How many may listen at once: in this process, by session, and by how well one is known.

Never by address: a whole ground shares a few. Anybody can be nobody, and anybody can be a guest, so neither may fill
the house: whatever they open, a quarter of it stays for those who signed in.
"""

import sys
from typing import Final, Generic, TypeVar
from uuid import UUID

from virage.platform.web.guard import Kind, Principal

COMFORTABLE: Final = 20_000
"""So many streams one process writes to without keeping anybody waiting for long."""
CONNECTIONS_MAX: Final = 50_000


def connections() -> int:
    """How many connections a process may hold: each is an open file, and a tenth of these stays for all else.

    A connection beyond them waits to be accepted until another one ends.
    """
    if sys.platform == "win32":
        return CONNECTIONS_MAX
    import resource  # noqa: PLC0415 - there is none on Windows

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if files == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, files * 9 // 10)


def room() -> int:
    """How many streams a process has room for: a ninth of its connections stays for other requests."""
    return min(COMFORTABLE, connections() * 8 // 9)


LISTENERS_MAX = room()
STRANGERS_MAX = LISTENERS_MAX // 4
WITHOUT_ACCOUNT_MAX = LISTENERS_MAX * 3 // 4
PER_SESSION_MAX = 8

Listener = TypeVar("Listener")


class Audience(Generic[Listener]):
    """Who listens, and who has to give way.

    Nobody is turned away for the sake of their own session: a browser that lost its connections comes back before the
    server knows that they are dead, so the oldest of them makes room. A program listens for many people, and its token
    can be taken away: it has no limit of its own.
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
        """Tell whether one more of this kind may listen."""
        strangers, guests = self._without_account["anonymous"], self._without_account["guest"]
        if principal.kind == "anonymous" and strangers >= STRANGERS_MAX:
            return False
        if principal.kind in self._without_account and strangers + guests >= WITHOUT_ACCOUNT_MAX:
            return False
        return len(self._principals) < LISTENERS_MAX

    def enter(self, listener: Listener, principal: Principal) -> None:
        """Count a listener who has come."""
        self._principals[listener] = principal
        if principal.kind in self._without_account:
            self._without_account[principal.kind] += 1
        if principal.session_id is not None:
            self._of_session.setdefault(principal.session_id, {})[listener] = None
        if principal.id is not None:
            self._of_principal.setdefault(principal.id, set()).add(listener)

    def of(self, principal_id: UUID) -> list[Listener]:
        """Return the listeners of a person, a program or a device."""
        return list(self._of_principal.get(principal_id, ()))

    def too_many(self, session_id: UUID | None) -> list[Listener]:
        """Return the oldest listeners of a session that are above its limit."""
        present = [] if session_id is None else list(self._of_session.get(session_id, ()))
        return present[: max(0, len(present) - PER_SESSION_MAX)]

    def leave(self, listener: Listener) -> None:
        """Count a listener no more."""
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
