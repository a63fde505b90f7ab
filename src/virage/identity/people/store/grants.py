"""Grants, invitations and API clients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.identity.people.rules.grants import (
    ApiClient,
    GrantView,
    Invitation,
    NewApiClient,
    NewInvitation,
    RoleName,
    ScopeName,
    StaffGrant,
    grant_stored,
    scope_text,
    view_of,
)
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Grant


class StoredGrant(NamedTuple):
    """A grant, who holds it, and whether a group of the OpenID provider gives it."""

    id: UUID
    person_id: UUID
    grant: Grant
    by_sso: bool


class PendingInvitation(NamedTuple):
    """An invitation and what it gives."""

    id: UUID
    grant: Grant
    invited_by: UUID | None


def stored_grant(row: Any) -> StoredGrant:
    """Return the grant of a row and who holds it."""
    return StoredGrant(row["id"], row["person_id"], _grant(row), row["by_sso"])


def _grant(row: Any) -> Grant:
    return grant_stored(row["role"], row["scope"], row["scope_id"])


def _views(rows: Any) -> list[GrantView]:
    return msgspec.convert(rows, list[GrantView])


async def grants_of(conn: Connection, person_id: UUID) -> list[Grant]:
    """What the person holds."""
    return [_grant(row) async for row in queries.grants_of(conn, person_id=person_id)]


async def grants_of_many(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """What several persons hold; who holds nothing is left out."""
    found: dict[UUID, list[Grant]] = {}
    async for row in queries.grants_of_many(conn, person_ids=person_ids):
        found.setdefault(row["person_id"], []).append(_grant(row))
    return found


async def lock_admins(conn: Connection) -> list[UUID]:
    """The grants that make administrators of everything, none of which goes before this transaction ends."""
    return [row["id"] async for row in queries.lock_admins(conn)]


async def admins(conn: Connection) -> list[UUID]:
    """Return the administrators of everything."""
    return [row["person_id"] async for row in queries.admins(conn)]


async def is_invited(conn: Connection, email: str, now: datetime) -> bool:
    """Whether an invitation to this address waits."""
    return bool(await queries.is_invited(conn, email=email, now=now))


async def grant_by_id(conn: Connection, grant_id: UUID) -> StoredGrant | None:
    """One grant."""
    row = await queries.grant_by_id(conn, grant_id=grant_id)
    return None if row is None else stored_grant(row)


async def give(
    conn: Connection,
    grant_id: UUID,
    person_id: UUID,
    grant: Grant,
    *,
    by: UUID | None,
    at: datetime,
    by_sso: bool = False,
) -> bool:
    """Store a grant; False if the person holds it already. `by_sso`: a group of the provider gives it."""
    given = await queries.give(
        conn,
        grant_id=grant_id,
        person_id=person_id,
        role=grant.role,
        scope=grant.scope,
        scope_id=scope_text(grant),
        granted_by=by,
        now=at,
        by_sso=by_sso,
    )
    return given is not None


async def take(conn: Connection, grant_id: UUID) -> bool:
    """Remove a grant; False if it is gone already."""
    return bool(await queries.take(conn, grant_id=grant_id))


def _within(administered: Sequence[Grant]) -> dict[str, Any]:
    """What these grants of an administrator cover, as the queries take it."""
    return {
        "everything": any(grant.scope == "all" for grant in administered),
        "scopes": [grant.scope for grant in administered],
        "scope_ids": [str(grant.scope_id) for grant in administered],
        "organisers": [grant.scope_id for grant in administered if grant.scope == "organiser"],
    }


async def staff(conn: Connection, administered: Sequence[Grant], limit: int) -> list[StaffGrant]:
    """Who holds something within these grants of an administrator, by address."""
    return [
        StaffGrant(**(dict(row) | {"role": RoleName(row["role"]), "scope": ScopeName(row["scope"])}))
        async for row in queries.staff(conn, **_within(administered), limit=limit)
    ]


async def events_of_staff(conn: Connection) -> list[UUID]:
    """Return the events that roles and invitations are for."""
    return [row["event_id"] async for row in queries.events_of_staff(conn)]


async def invite(conn: Connection, invitation: NewInvitation, code: str) -> bool:
    """Store an invitation under the hash of its code in place of an earlier one; False if its id is known already."""
    content = {
        "invitation_id": invitation.id,
        "email": invitation.email,
        "role": invitation.grant.role,
        "scope": invitation.grant.scope,
        "scope_id": scope_text(invitation.grant),
    }
    stored = await queries.invite(
        conn,
        **content,
        code_hash=token_hash(code),
        invited_by=invitation.invited_by,
        now=invitation.at,
        expires_at=invitation.expires_at,
    )
    if stored:
        await queries.drop_invitations_to(conn, **content)
    return bool(stored)


async def invitation_as_sent(conn: Connection, invitation_id: UUID) -> NewInvitation | None:
    """Return an open invitation; None if it does not exist, was accepted or revoked."""
    row = await queries.invitation_as_sent(conn, invitation_id=invitation_id)
    if row is None:
        return None
    return NewInvitation(
        invitation_id, row["email"], _grant(row), row["invited_by"], at=row["invited_at"], expires_at=row["expires_at"]
    )


async def take_invitation(conn: Connection, code: str, email: str, now: datetime) -> PendingInvitation | None:
    """Use up the invitation with this code to this address."""
    row = await queries.take_invitation(conn, code_hash=token_hash(code), email=email, now=now)
    return None if row is None else PendingInvitation(row["id"], _grant(row), row["invited_by"])


async def offered(conn: Connection, code: str, email: str, now: datetime) -> Grant | None:
    """What the invitation with this code to this address would give."""
    row = await queries.offered(conn, code_hash=token_hash(code), email=email, now=now)
    return None if row is None else _grant(row)


async def invitations(conn: Connection, administered: Sequence[Grant], now: datetime, limit: int) -> list[Invitation]:
    """Invitations within these grants of an administrator that wait for an answer."""
    return [
        Invitation(**(dict(row) | {"role": RoleName(row["role"]), "scope": ScopeName(row["scope"])}))
        async for row in queries.invitations(conn, now=now, **_within(administered), limit=limit)
    ]


async def invitation(conn: Connection, invitation_id: UUID, now: datetime) -> Grant | None:
    """What an invitation that waits would give."""
    row = await queries.invitation(conn, invitation_id=invitation_id, now=now)
    return None if row is None else _grant(row)


async def invitations_by(conn: Connection, person_id: UUID, now: datetime) -> dict[UUID, Grant]:
    """What the person's invitations that wait would give."""
    return {row["id"]: _grant(row) async for row in queries.invitations_by(conn, person_id=person_id, now=now)}


async def drop_invitations(conn: Connection, invitation_ids: Sequence[UUID]) -> None:
    """Withdraw invitations."""
    await queries.drop_invitations(conn, invitation_ids=invitation_ids)


async def create_api_client(conn: Connection, client: NewApiClient, token: str) -> None:
    """Store an API client under the hash of its token."""
    await queries.create_api_client(
        conn,
        client_id=client.id,
        token_hash=token_hash(token),
        name=client.name,
        grants=msgspec.to_builtins([view_of(grant) for grant in client.grants]),
        created_by=client.created_by,
        now=client.at,
        expires_at=client.expires_at,
    )


def _api_client(row: Any) -> ApiClient:
    return ApiClient(**(dict(row) | {"grants": _views(row["grants"])}))


async def api_clients(conn: Connection, now: datetime, limit: int) -> list[ApiClient]:
    """Unexpired API clients, the newest first."""
    return [_api_client(row) async for row in queries.api_clients(conn, now=now, limit=limit)]


async def api_clients_created_by(conn: Connection, person_id: UUID, now: datetime) -> list[ApiClient]:
    """Unexpired API clients that a person created, the newest first."""
    return [_api_client(row) async for row in queries.api_clients_created_by(conn, person_id=person_id, now=now)]


async def api_clients_of(conn: Connection, person_id: UUID, now: datetime) -> dict[UUID, list[Grant]]:
    """The unexpired API clients that a person created with their grants, locked."""
    rows = queries.api_clients_of(conn, person_id=person_id, now=now)
    return {row["id"]: [grant_stored(**power) for power in row["grants"]] async for row in rows}


async def api_client_creator(conn: Connection, client_id: UUID) -> UUID | None:
    """The creator of an API client."""
    creator: UUID | None = await queries.api_client_creator(conn, client_id=client_id)
    return creator


async def drop_api_clients(conn: Connection, client_ids: Sequence[UUID]) -> None:
    """Revoke API clients."""
    await queries.drop_api_clients(conn, client_ids=client_ids)


async def delete_expired_grants(conn: Connection, now: datetime) -> None:
    """Delete expired invitations and API clients."""
    await queries.delete_expired_invitations(conn, now=now)
    await queries.delete_expired_clients(conn, now=now)


async def erase(conn: Connection, person_id: UUID, email: str) -> None:
    """Delete the API clients that a person created, and the invitations to their address."""
    await queries.erase_api_clients(conn, person_id=person_id)
    await queries.erase_invitations(conn, email=email)
