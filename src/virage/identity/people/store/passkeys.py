"""Passkeys, and the challenges that were used up."""

import hashlib
from datetime import datetime
from uuid import UUID

from virage.identity.people.rules.passkeys import (
    Assertion,
    NewPasskey,
    Passkey,
    PasskeyView,
    encoded,
    new_handle,
)
from virage.identity.people.rules.webauthn import (
    CredentialDescriptor,
)
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection


async def use_challenge(conn: Connection, challenge: bytes, expires_at: datetime) -> bool:
    """Use a challenge up; False if it was used before."""
    challenge_hash = hashlib.sha256(challenge).digest()
    return await queries.use_challenge(conn, challenge_hash=challenge_hash, expires_at=expires_at) is not None


async def delete_expired_challenges(conn: Connection, now: datetime) -> None:
    """Forget used challenges that have expired."""
    await queries.delete_expired_challenges(conn, now=now)


async def handle_of(conn: Connection, person_id: UUID) -> bytes:
    """Return the handle of a person at their authenticators, made at the first call. The person is locked."""
    handle: bytes = await queries.put_handle(conn, person_id=person_id, handle=new_handle())
    return handle


async def add_passkey(
    conn: Connection, passkey_id: UUID, person_id: UUID, new: NewPasskey, *, name: str, now: datetime
) -> bool:
    """Store a passkey; False if its credential is known."""
    added = await queries.add_passkey(
        conn,
        passkey_id=passkey_id,
        person_id=person_id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        transports=new.transports,
        aaguid=new.aaguid,
        backed_up=new.backed_up,
        name=name,
        now=now,
    )
    return added is not None


async def passkey(conn: Connection, credential_id: bytes) -> Passkey | None:
    """A passkey by its credential id."""
    row = await queries.passkey(conn, credential_id=credential_id)
    return None if row is None else Passkey(**row)


async def passkeys_of(conn: Connection, person_id: UUID) -> list[PasskeyView]:
    """The passkeys of a person, the first added first."""
    return [PasskeyView(**row) async for row in queries.passkeys_of(conn, person_id=person_id)]


async def descriptors_of(conn: Connection, person_id: UUID, *, disabled: bool = False) -> list[CredentialDescriptor]:
    """How a person's passkeys are named to authenticators; `disabled`: also those that were disabled."""
    rows = queries.descriptors_of(conn, person_id=person_id, disabled=disabled)
    return [CredentialDescriptor(encoded(row["credential_id"]), row["transports"]) async for row in rows]


async def has_passkey(conn: Connection, person_id: UUID) -> bool:
    """Return whether a person has a passkey that is not disabled."""
    return bool(await queries.has_passkey(conn, person_id=person_id))


async def use_passkey(conn: Connection, passkey_id: UUID, assertion: Assertion, now: datetime) -> None:
    """Store that a passkey signed."""
    await queries.use_passkey(
        conn, passkey_id=passkey_id, sign_count=assertion.sign_count, backed_up=assertion.backed_up, now=now
    )


async def disable_passkey(conn: Connection, passkey_id: UUID, reason: str, now: datetime) -> None:
    """Disable a passkey."""
    await queries.disable_passkey(conn, passkey_id=passkey_id, reason=reason, now=now)


async def rename_passkey(conn: Connection, passkey_id: UUID, person_id: UUID, name: str) -> bool:
    """Rename a passkey of a person; False if there is none."""
    return bool(await queries.rename_passkey(conn, name=name, passkey_id=passkey_id, person_id=person_id))


async def drop_passkey(conn: Connection, passkey_id: UUID, person_id: UUID) -> str | None:
    """Remove a passkey of a person: its name, None if there is none."""
    name: str | None = await queries.drop_passkey(conn, passkey_id=passkey_id, person_id=person_id)
    return name


async def erase(conn: Connection, person_id: UUID) -> None:
    """Forget everything about a person's passkeys."""
    await queries.erase_passkeys(conn, person_id=person_id)
    await queries.erase_handle(conn, person_id=person_id)
