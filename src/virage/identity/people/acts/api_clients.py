"""API clients: a token with some of its creator's grants, shown once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts.staff import lock_actor
from virage.identity.people.rules.grants import (
    TOKEN_GRANTS_MAX,
    TOKEN_LIFETIME_MAX,
    CreatedToken,
    GrantRequest,
    NewApiClient,
    grant_of,
    holds_grant,
)
from virage.identity.people.rules.persons import normalise_name
from virage.identity.people.rules.reasons import NO_GRANTS, NOT_A_NAME, NOT_A_SCOPE, NOT_AN_EXPIRY, Reason
from virage.identity.people.store import grants
from virage.identity.people.store.scopes import enclosing
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Grant, Principal, holds


class TokenRequest(Struct, frozen=True):
    """Request of an API client: its name, grants and expiry."""

    name: str
    grants: list[GrantRequest]
    expires_at: datetime


async def create_token(
    conn: Connection, actor: Principal, request: TokenRequest, now: datetime
) -> CreatedToken | Refused:
    """Create an API client with grants that its creator holds. The database stores only the hash of the token."""
    try:
        name = normalise_name(request.name)
    except ValueError:
        name = None
    if name is None:
        return NOT_A_NAME
    if request.expires_at.tzinfo is None or not now < request.expires_at <= now + TOKEN_LIFETIME_MAX:
        return NOT_AN_EXPIRY
    if not 1 <= len(request.grants) <= TOKEN_GRANTS_MAX:
        return NO_GRANTS
    creator = await lock_actor(conn, actor)
    if creator is None or creator.id is None:
        return Refused(Reason.FORBIDDEN)
    powers = await _powers(conn, creator, request.grants)
    if isinstance(powers, Refused):
        return powers
    made = CreatedToken(id=new_id(), token=new_token(), expires_at=request.expires_at)
    client = NewApiClient(made.id, name, powers, creator.id, at=now, expires_at=made.expires_at)
    await grants.create_api_client(conn, client, made.token)
    await journal.append(conn, [Fact("token_created", creator.id, made.id, {"grants": len(powers)})], now)
    return made


async def _powers(conn: Connection, creator: Principal, wishes: Sequence[GrantRequest]) -> list[Grant] | Refused:
    powers = []
    for request in wishes:
        grant = grant_of(request)
        within = None if grant is None else await enclosing(conn, grant)
        if grant is None or within is None:
            return NOT_A_SCOPE
        if not holds_grant(creator, grant, within):
            return Refused(Reason.FORBIDDEN)
        powers.append(grant)
    return list(dict.fromkeys(powers))


async def revoke_token(conn: Connection, actor: Principal, client_id: UUID, now: datetime) -> Refused | None:
    """Revoke an API client at once; allowed to its creator and to administrators of everything."""
    creator = await grants.api_client_creator(conn, client_id)
    if creator is None:
        return Refused(Reason.NOT_FOUND)
    if actor.kind != "staff" or (creator != actor.id and not holds(actor, "admin")):
        return Refused(Reason.FORBIDDEN)
    await grants.drop_api_clients(conn, [client_id])
    await journal.append(conn, [Fact("token_revoked", actor.id, client_id, {"creator": creator})], now)
    return None
