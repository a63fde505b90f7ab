"""Accounts of the staff at their OpenID provider."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sso import CHECK_EVERY, VALID_FOR, DueCheck
from virage.identity.people.store.grants import StoredGrant, stored_grant
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.sealing import seal, unseal


async def subject_of(conn: Connection, person_id: UUID, issuer: str) -> str | None:
    """Return the subject of a person at a provider; None if they have never signed in there."""
    found: str | None = await queries.sso_subject(conn, person_id=person_id, issuer=issuer)
    return found


async def has_sso(conn: Connection, person_id: UUID) -> bool:
    """Whether a person has access through a provider."""
    return bool(await queries.has_sso(conn, person_id=person_id))


async def person_of_subject(conn: Connection, issuer: str, subject: str) -> UUID | None:
    """Return the person whom the provider knows by this subject."""
    found: UUID | None = await queries.person_of_subject(conn, issuer=issuer, subject=subject)
    return found


async def put_account(
    conn: Connection,
    keys: PeopleKeys,
    person_id: UUID,
    issuer: str,
    subject: str,
    *,
    refresh_token: str,
    now: datetime,
) -> None:
    """Store that a person has signed in at the provider."""
    await queries.put_sso_account(
        conn,
        person_id=person_id,
        issuer=issuer,
        subject=subject,
        refresh_token=_sealed(keys, person_id, refresh_token),
        now=now,
        check_at=now + CHECK_EVERY,
        valid_until=now + VALID_FOR,
    )


async def take_due_checks(conn: Connection, keys: Sequence[PeopleKeys], now: datetime, wanted: int) -> list[DueCheck]:
    """Return accounts that the provider is to be asked about now; the next check of each is moved on.

    A token that no secret opens is empty, which the provider refuses.
    """
    rows = queries.take_due_checks(conn, now=now, check_at=now + CHECK_EVERY, wanted=wanted)
    found = []
    async for row in rows:
        token = unseal([key.sso_token for key in keys], row["refresh_token"], row["person_id"].bytes) or b""
        found.append(DueCheck(row["person_id"], row["issuer"], row["subject"], token.decode(), row["confirmed_at"]))
    return found


async def confirm_account(
    conn: Connection, keys: PeopleKeys, check: DueCheck, refresh_token: str, now: datetime
) -> bool:
    """Store that the provider still knows a person; False if the access has ended, or they have signed in since."""
    return bool(
        await queries.confirm_sso_account(
            conn,
            refresh_token=_sealed(keys, check.person_id, refresh_token),
            now=now,
            valid_until=now + VALID_FOR,
            person_id=check.person_id,
            subject=check.subject,
            confirmed_at=check.confirmed_at,
        )
    )


def _sealed(keys: PeopleKeys, person_id: UUID, refresh_token: str) -> bytes:
    return seal(keys.sso_token, refresh_token.encode(), person_id.bytes)


async def keep_account(conn: Connection, person_id: UUID, valid_until: datetime) -> None:
    """Let sessions of a person count until then at least, because the provider is away."""
    await queries.keep_sso_account(conn, valid_until=valid_until, person_id=person_id)


async def is_current(conn: Connection, check: DueCheck) -> bool:
    """Whether no sign-in has replaced the refresh token of a check."""
    found = await queries.is_current_check(
        conn, person_id=check.person_id, subject=check.subject, confirmed_at=check.confirmed_at
    )
    return found is not None


async def end_account(conn: Connection, person_id: UUID, now: datetime) -> bool:
    """Store that the provider has ended the access of a person; False if it had."""
    return bool(await queries.end_sso_account(conn, now=now, person_id=person_id))


async def erase(conn: Connection, person_id: UUID) -> None:
    """Forget a person at the provider."""
    await queries.erase_sso_account(conn, person_id=person_id)


async def mark_session(conn: Connection, session_id: UUID, sid: str | None) -> None:
    """Note under which number the provider knows the sign-in of a session."""
    await queries.mark_sso_session(conn, sid=sid, session_id=session_id)


async def end_sessions(conn: Connection, person_id: UUID, sid: str | None = None) -> list[UUID]:
    """End the sessions of a person, or those of one sign-in at the provider; return them."""
    return [row["id"] async for row in queries.end_sso_sessions(conn, person_id=person_id, sid=sid)]


async def persons_of_sid(conn: Connection, issuer: str, sid: str) -> list[UUID]:
    """Return whose sessions a sign-in at the provider opened."""
    return [row["person_id"] async for row in queries.persons_of_sid(conn, issuer=issuer, sid=sid)]


async def grants_of(conn: Connection, person_id: UUID) -> list[StoredGrant]:
    """Return the grants of a person that groups of the provider give."""
    return [stored_grant(row) async for row in queries.sso_grants_of(conn, person_id=person_id)]


async def checks(conn: Connection, issuer: str, now: datetime) -> dict[str, float]:
    """Return how many accounts are `active`, and how long ago the oldest last answer came (`oldest_s`, seconds)."""
    return dict(await queries.sso_checks(conn, issuer=issuer, now=now))
