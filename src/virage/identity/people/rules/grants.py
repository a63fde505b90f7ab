"""Roles within a scope, and the rules for granting them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from virage.platform.web.guard import Grant, Principal, holds

INVITATION_LIFETIME = timedelta(days=7)
TOKEN_LIFETIME_MAX = timedelta(days=366)
TOKEN_GRANTS_MAX = 20
SCOPE_ID_LENGTH_MAX = 60

Within = Sequence[tuple[str, UUID | str]]


class RoleName(StrEnum):
    """The staff roles."""

    ADMIN = "admin"
    VENUE_MANAGER = "venue_manager"
    PROGRAMME = "programme"
    BOX_OFFICE = "box_office"
    FINANCE = "finance"
    STEWARD = "steward"
    SUPERVISOR = "supervisor"
    CONTROLLER = "controller"
    CASHIER = "cashier"
    KITCHEN = "kitchen"
    MATCH_DESK = "match_desk"
    MEDIA_DESK = "media_desk"
    MODERATOR = "moderator"
    DESCRIBER = "describer"


class ScopeName(StrEnum):
    """Where they may do it."""

    ALL = "all"
    VENUE = "venue"
    ORGANISER = "organiser"
    EVENT = "event"
    GATE = "gate"  # one gate by its code, or a group of gates by its letter, with the prefix of their venue
    OUTLET = "outlet"


class GrantRequest(Struct, frozen=True):
    """A role and its scope as they come over the wire; `scope_id` is None for scope "all" alone."""

    role: RoleName
    scope: ScopeName
    scope_id: str | None = None


class GrantView(Struct, frozen=True):
    """A grant as its holder sees it."""

    role: RoleName
    scope: ScopeName
    scope_id: str | None


class StaffGrant(Struct, frozen=True):
    """A grant as the office sees it. `by_sso`: a group of the identity provider gives it, and takes it."""

    id: UUID
    person_id: UUID
    email: str
    name: str | None
    role: RoleName
    scope: ScopeName
    scope_id: str | None
    granted_by: UUID | None
    granted_at: datetime
    by_sso: bool = False


class Invitation(Struct, frozen=True):
    """An invitation that waits for its answer."""

    id: UUID
    email: str
    role: RoleName
    scope: ScopeName
    scope_id: str | None
    invited_by: UUID | None
    invited_at: datetime
    expires_at: datetime


class ApiClient(Struct, frozen=True):
    """An API client as lists show it: never with its token."""

    id: UUID
    name: str
    grants: list[GrantView]
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class NewApiClient(Struct, frozen=True):
    """An API client before it has a token."""

    id: UUID
    name: str
    grants: list[Grant]
    created_by: UUID
    at: datetime
    expires_at: datetime


class NewInvitation(Struct, frozen=True):
    """An invitation before it has a code."""

    id: UUID
    email: str
    grant: Grant
    invited_by: UUID | None
    at: datetime
    expires_at: datetime


class CreatedToken(Struct, frozen=True):
    """The answer to its creation: the only time that `token` is shown."""

    id: UUID
    token: str
    expires_at: datetime


def grant_of(request: GrantRequest) -> Grant | None:
    """The wish as a grant whose scope is named as that scope needs, or None if it cannot be one."""
    if request.scope is ScopeName.ALL:
        return Grant(request.role.value) if request.scope_id is None else None
    if not request.scope_id or len(request.scope_id) > SCOPE_ID_LENGTH_MAX or not request.scope_id.isprintable():
        return None
    if request.scope in (ScopeName.VENUE, ScopeName.GATE, ScopeName.OUTLET):
        return Grant(request.role.value, request.scope.value, request.scope_id)
    try:
        return Grant(request.role.value, request.scope.value, UUID(request.scope_id))
    except ValueError:
        return None


def grant_stored(role: str, scope: str, scope_id: str | None) -> Grant:
    """The grant of a row: organisers and events are known by UUID, venues, gates and outlets by their code."""
    if scope_id is not None and scope in (ScopeName.ORGANISER, ScopeName.EVENT):
        return Grant(role, scope, UUID(scope_id))
    return Grant(role, scope, scope_id)


def scope_text(grant: Grant) -> str | None:
    """The stored id of the scope."""
    return None if grant.scope_id is None else str(grant.scope_id)


def view_of(grant: Grant) -> GrantView:
    """The grant as it goes over the wire."""
    return GrantView(RoleName(grant.role), ScopeName(grant.scope), scope_text(grant))


def may_administer(actor: Principal, grant: Grant, within: Within) -> bool:
    """Whether the actor may give, see and take this grant: a person who is administrator where it holds.

    `within` names what encloses the grant's scope (an event's organiser and venue). An API client never gives grants.
    """
    return actor.kind == "staff" and holds(actor, "admin", scope=grant.scope, scope_id=grant.scope_id, within=within)


def holds_grant(holder: Principal, grant: Grant, within: Within) -> bool:
    """Whether the holder has this grant, so that their API client may have it too."""
    return holds(holder, grant.role, scope=grant.scope, scope_id=grant.scope_id, within=within)
