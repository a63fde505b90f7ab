"""Programs' access: a token with some of its creator's power, shown once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts.office import current
from virage.identity.people.rules.grants import (
    TOKEN_GRANTS_MAX,
    TOKEN_LIFETIME_MAX,
    GrantWish,
    NewProgram,
    NewProgramToken,
    covered,
    grant_of,
)
from virage.identity.people.rules.persons import tidy_name
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


class TokenWish(Struct, frozen=True):
    """The access that a program is to have, until when, and what to call it."""

    name: str
    grants: list[GrantWish]
    expires_at: datetime


async def create_token(conn: Connection, actor: Principal, wish: TokenWish, now: datetime) -> NewProgramToken | Refused:
    """Create a program's access out of what its creator holds. The answer holds the token, the database its hash."""
    try:
        name = tidy_name(wish.name)
    except ValueError:
        name = None
    if name is None:
        return NOT_A_NAME
    if wish.expires_at.tzinfo is None or not now < wish.expires_at <= now + TOKEN_LIFETIME_MAX:
        return NOT_AN_EXPIRY
    if not 1 <= len(wish.grants) <= TOKEN_GRANTS_MAX:
        return NO_GRANTS
    creator = await current(conn, actor)
    if creator is None or creator.id is None:
        return Refused(Reason.FORBIDDEN)
    powers = await _powers(conn, creator, wish.grants)
    if isinstance(powers, Refused):
        return powers
    made = NewProgramToken(id=new_id(), token=new_token(), expires_at=wish.expires_at)
    program = NewProgram(made.id, name, powers, creator.id, at=now, expires_at=made.expires_at)
    await grants.create_program(conn, program, made.token)
    await journal.append(conn, [Fact("token_created", creator.id, made.id, {"grants": len(powers)})], now)
    return made


async def _powers(conn: Connection, creator: Principal, wishes: Sequence[GrantWish]) -> list[Grant] | Refused:
    powers = []
    for wish in wishes:
        grant = grant_of(wish)
        within = None if grant is None else await enclosing(conn, grant)
        if grant is None or within is None:
            return NOT_A_SCOPE
        if not covered(creator, grant, within):
            return Refused(Reason.FORBIDDEN)
        powers.append(grant)
    return list(dict.fromkeys(powers))


async def revoke_token(conn: Connection, actor: Principal, program_id: UUID, now: datetime) -> Refused | None:
    """End a program's access at once; its creator may, and whoever administers everything."""
    creator = await grants.program_creator(conn, program_id)
    if creator is None:
        return Refused(Reason.NOT_FOUND)
    if actor.kind != "staff" or (creator != actor.id and not holds(actor, "admin")):
        return Refused(Reason.FORBIDDEN)
    await grants.drop_programs(conn, [program_id])
    await journal.append(conn, [Fact("token_revoked", actor.id, program_id, {"creator": creator})], now)
    return None
