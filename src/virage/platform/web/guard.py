"""Principals and their roles.

Every route handler declares a guard of this module (`guards=[...]`) or is public (`public=True`). A guard checks for a
role in any scope; the handler then calls `require` with the scope of the object.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct
from starlette.types import Scope as Asked

from virage.platform.web.problems import Problem

Role = str  # declared by the modules of domains; `checks/roles.py` reads every use
Scope = Literal["all", "venue", "organiser", "event", "gate", "outlet"]
Kind = Literal["anonymous", "guest", "fan", "staff", "api_client", "device"]
Guard = Callable[[Asked], Awaitable[None]]

FRESH_FOR = timedelta(minutes=15)


class Grant(Struct, frozen=True):
    """One role within one scope. `scope_id` is the venue, organiser, event, gate or outlet; None for scope "all"."""

    role: str
    scope: str = "all"
    scope_id: UUID | str | None = None


class Principal(Struct, frozen=True):
    """The sender of a request: anonymous, guest (a browser with a basket), fan, staff, API client or device.

    A device (a steward's phone, a lane reader, a till) has the role "gate" at its gates or "till" at its outlets, which
    is valid only on routes for devices. `posts` are the gates and outlets of the venues in `grants`, so that a role for
    a venue counts at each of them.
    """

    kind: Kind
    id: UUID | None = None
    session_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    authenticated_at: datetime | None = None
    guest_session_id: UUID | None = None
    posts: tuple[Grant, ...] = ()


ANONYMOUS = Principal("anonymous")


class Credential(Struct, frozen=True):
    """The credential of a request: the SHA-256 of the value of its cookie or bearer token."""

    kind: Literal["cookie", "bearer"]
    token_hash: bytes


class Authenticator(Protocol):
    """Resolves many credentials at once to principals; None for an invalid one."""

    async def __call__(self, credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        """Return one principal or None for each credential, in order."""
        ...


class Visit:
    """The context of one request (`scope["virage"]`)."""

    __slots__ = ("answered", "authenticate", "code", "content_type", "credential", "principal", "request_id")

    def __init__(
        self,
        request_id: str,
        credential: Credential | None,
        content_type: bytes,
        authenticate: Callable[[Credential], Awaitable[Principal | None]],
    ) -> None:
        self.request_id = request_id
        self.credential = credential
        self.content_type = content_type
        self.authenticate = authenticate
        self.principal: Principal | None = None
        self.code: str | None = None
        self.answered = False

    async def who(self) -> Principal:
        """Return the principal; the session is looked up at most once per request, when it is first needed."""
        if self.principal is None:
            found = None if self.credential is None else await self.authenticate(self.credential)
            self.principal = found or ANONYMOUS
        return self.principal


current_visit: ContextVar[Visit] = ContextVar("current_visit")


async def principal_of(scope: Any) -> Principal:
    """Return the principal of an ASGI scope."""
    visit: Visit = scope["virage"]
    return await visit.who()


def holds(
    principal: Principal,
    role: str,
    *,
    scope: str = "all",
    scope_id: UUID | str | None = None,
    within: Sequence[tuple[str, UUID | str]] = (),
) -> bool:
    """Return whether a grant covers the role in the scope, or in an enclosing one.

    `within` are the enclosing scopes of the object, such as the organiser and the venue of an event. An administrator
    has every role within the scope of the grant.
    """
    places = {(scope, str(scope_id)), *((name, str(value)) for name, value in within)}
    return any(
        grant.role in (role, "admin") and (grant.scope == "all" or (grant.scope, str(grant.scope_id)) in places)
        for grants in (principal.grants, principal.posts)
        for grant in grants
    )


def holds_at_venue(principal: Principal, *roles: str, venue: str, prefix: str) -> bool:
    """Return whether one of the roles is held for objects of a whole venue, such as its lifts.

    `prefix` precedes the codes of its gates and outlets. A role for one of them counts, and so does one for an event
    or an organiser: neither is bound to a venue. An administrator needs the venue or everything.
    """
    return any(
        (grant.role in roles and grant.scope in ("organiser", "event"))
        or (grant.role in roles and grant.scope in ("gate", "outlet") and _prefix(str(grant.scope_id)) == prefix)
        or (
            grant.role in (*roles, "admin")
            and (grant.scope == "all" or (grant.scope, grant.scope_id) == ("venue", venue))
        )
        for grant in principal.grants
    )


def holds_at_post(principal: Principal, role: str, *, prefix: str) -> bool:
    """Return whether the role is held at a gate or an outlet of a venue, whose codes begin with `prefix`."""
    return any(
        grant.role == role and grant.scope in ("gate", "outlet") and _prefix(str(grant.scope_id)) == prefix
        for grant in principal.grants
    )


def _prefix(code: str) -> str:
    return code[: code.rfind(".") + 1]


def require(
    principal: Principal,
    role: str,
    *,
    scope: str = "all",
    scope_id: UUID | str | None = None,
    within: Sequence[tuple[str, UUID | str]] = (),
) -> None:
    """Raise `unauthenticated` or `forbidden` unless the principal has the role in this scope."""
    if principal.kind in ("anonymous", "guest"):
        raise Problem("unauthenticated")
    if not holds(principal, role, scope=scope, scope_id=scope_id, within=within):
        raise Problem("forbidden", {"role": role})


def require_fan(principal: Principal) -> UUID:
    """Return the id of the signed-in person (fan or staff). Raises `forbidden` for API clients and devices."""
    if principal.kind in ("api_client", "device"):
        raise Problem("forbidden")
    if principal.kind not in ("fan", "staff") or principal.id is None:
        raise Problem("unauthenticated")
    return principal.id


def fresh(principal: Principal, now: datetime) -> None:
    """Raise `step_up_required` unless the person signed in at most 15 minutes ago; API clients always pass."""
    if principal.kind == "api_client":
        return
    if principal.authenticated_at is None or now - principal.authenticated_at > FRESH_FOR:
        raise Problem("step_up_required")


async def with_session(asked: Asked) -> None:
    """Guard: any session, including guests, or an API client."""
    principal = await principal_of(asked)
    if principal.kind == "anonymous":
        raise Problem("unauthenticated")
    if principal.kind == "device":
        raise Problem("forbidden")


async def signed_in(asked: Asked) -> None:
    """Guard: a signed-in person, fan or staff."""
    require_fan(await principal_of(asked))


async def person_of_staff(asked: Asked) -> None:
    """Guard: a staff member with any role; API clients are refused."""
    principal = await principal_of(asked)
    if principal.kind in ("anonymous", "guest"):
        raise Problem("unauthenticated")
    if principal.kind != "staff":
        raise Problem("forbidden")


async def device(asked: Asked) -> None:
    """Guard: a paired device that is not revoked."""
    principal = await principal_of(asked)
    if principal.kind in ("anonymous", "guest"):
        raise Problem("unauthenticated")
    if principal.kind != "device":
        raise Problem("forbidden")


def device_at(post: Literal["gate", "till"]) -> Guard:
    """Guard: a paired device with this role."""

    async def guard(asked: Asked) -> None:
        await device(asked)
        principal = await principal_of(asked)
        if not any(grant.role == post for grant in principal.grants):
            raise Problem("forbidden", {"role": post})

    return guard


def staff(*roles: Role) -> Guard:
    """Guard: has one of the roles in some scope. The handler must then call `require` with the scope of the object."""
    return _holder(roles[0] if roles else "admin", lambda grant: grant.role in (*roles, "admin"))


def staff_of_venue(*roles: Role) -> Guard:
    """Guard for objects of a whole venue, which have no scope of their own.

    Has one of the roles itself, in any scope, or is an administrator of a venue or of everything: an administrator of
    one outlet, gate or organiser has every role there, but none for the venue. The handler must then call
    `holds_at_venue` with the venue of the object.
    """
    return _holder(
        roles[0], lambda grant: grant.role in roles or (grant.role == "admin" and grant.scope in ("all", "venue"))
    )


def _holder(role: str, opens: Callable[[Grant], bool]) -> Guard:
    async def guard(asked: Asked) -> None:
        principal = await principal_of(asked)
        if principal.kind in ("anonymous", "guest"):
            raise Problem("unauthenticated")
        if principal.kind == "device" or not any(opens(grant) for grant in principal.grants):
            raise Problem("forbidden", {"role": role})

    return guard
