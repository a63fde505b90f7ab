"""Sessions and other credentials."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.identity.people.rules.persons import SessionView
from virage.identity.people.rules.sign_in import (
    BROWSER_KNOWN_FOR,
    FAN_LIFETIME,
    GUEST_LIFETIME,
    STAFF_LIFETIME,
    NewGuest,
    Opening,
)
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.tokens import token_hash


async def look_up(
    conn: Connection,
    cookies: Sequence[bytes],
    bearers: Sequence[bytes],
    now: datetime,
    seen_before: datetime,
    *,
    issuer: str | None,
) -> Sequence[Any]:
    """The rows of living credentials. `issuer` is the OpenID provider of the staff, if there is one.

    Each is (token_hash, id, person_id, guest_session_id, authenticated_at, stale, grants, what): `what` is "session",
    "api_client" or "device". `person_id` is null for all but persons; grants are lists of (role, scope, scope_id), a
    device's are its gates, or null.
    """
    rows = queries.look_up(conn, cookies=cookies, bearers=bearers, now=now, seen_before=seen_before, issuer=issuer)
    return [row async for row in rows]


async def touch_seen(
    conn: Connection,
    session_ids: Sequence[UUID],
    client_ids: Sequence[UUID],
    device_ids: Sequence[UUID],
    *,
    now: datetime,
    seen_before: datetime,
) -> None:
    """Store that sessions, API clients and devices were used."""
    if session_ids:
        await queries.touch_sessions(
            conn,
            session_ids=session_ids,
            now=now,
            seen_before=seen_before,
            guest_lifetime=GUEST_LIFETIME,
            fan_lifetime=FAN_LIFETIME,
            staff_lifetime=STAFF_LIFETIME,
        )
    if client_ids:
        await queries.touch_api_clients(conn, client_ids=client_ids, now=now)
    if device_ids:
        await queries.touch_devices(conn, device_ids=device_ids, now=now)


async def open_guest_sessions(conn: Connection, guests: Sequence[NewGuest], now: datetime) -> None:
    """Store guests' sessions in one statement."""
    await queries.open_guest_sessions(
        conn,
        session_ids=[guest.session_id for guest in guests],
        token_hashes=[token_hash(guest.token) for guest in guests],
        now=now,
        expires_at=now + GUEST_LIFETIME,
    )


async def take_over_session(conn: Connection, session_id: UUID, opening: Opening) -> bool:
    """Give the session of a guest or of this person a new token; False if it belongs to another person or has ended."""
    return await queries.take_over_session(conn, **_opening(session_id, opening)) is not None


async def open_session(conn: Connection, session_id: UUID, opening: Opening) -> None:
    """Store a person's new session."""
    await queries.open_session(conn, **_opening(session_id, opening))


def _opening(session_id: UUID, opening: Opening) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "person_id": opening.person_id,
        "token_hash": token_hash(opening.token),
        "device": opening.device,
        "now": opening.at,
        "proved_at": opening.proved_at or opening.at,
        "expires_at": opening.expires_at,
    }


async def end_session(conn: Connection, session_id: UUID) -> None:
    """End one session at once."""
    await queries.end_session(conn, session_id=session_id)


async def end_session_of(conn: Connection, session_id: UUID, person_id: UUID) -> bool:
    """End one session of a person; False if there is no such session of theirs."""
    return bool(await queries.end_session_of(conn, session_id=session_id, person_id=person_id))


async def end_sessions_of(conn: Connection, person_id: UUID, kept_id: UUID | None = None) -> int:
    """End all sessions of a person, but for `kept_id`; how many ended."""
    ended: int = await queries.end_sessions_of(conn, person_id=person_id, kept_id=kept_id)
    return ended


async def rename_session(conn: Connection, session_id: UUID, person_id: UUID, name: str | None) -> bool:
    """Name a session of a person; False if there is none."""
    return bool(await queries.rename_session(conn, name=name, session_id=session_id, person_id=person_id))


async def is_new_browser(
    conn: Connection, person_id: UUID, browser_key: bytes | None, session_id: UUID, now: datetime
) -> bool:
    """Note in which browser a person signs in: True if it is new, and not the first one of all.

    `browser_key` is None for a browser without a cookie, which is new each time; `session_id` is its session.
    """
    new = True
    if browser_key is not None:
        new = await queries.note_browser(conn, browser_key=browser_key, person_id=person_id, now=now)
    if not new:
        return False
    return bool(
        await queries.was_signed_in(conn, person_id=person_id, browser_key=browser_key, session_id=session_id, now=now)
    )


async def erase_browsers(conn: Connection, person_id: UUID) -> None:
    """Forget in which browsers a person has signed in."""
    await queries.erase_browsers(conn, person_id=person_id)


async def delete_old_browsers(conn: Connection, now: datetime) -> None:
    """Forget browsers whose cookie has expired."""
    await queries.delete_old_browsers(conn, before=now - BROWSER_KNOWN_FOR)


async def shorten_sessions(conn: Connection, person_id: UUID, expires_at: datetime) -> None:
    """Let no session of the person live longer than this."""
    await queries.shorten_sessions(conn, person_id=person_id, expires_at=expires_at)


async def sessions_of(conn: Connection, person_id: UUID, current: UUID | None, now: datetime) -> list[SessionView]:
    """The person's living sessions."""
    rows = queries.sessions_of(conn, person_id=person_id, now=now)
    return [SessionView(**row, current=row["id"] == current) async for row in rows]


async def delete_expired_sessions(conn: Connection, now: datetime) -> None:
    """Forget sessions that are over."""
    await queries.delete_expired_sessions(conn, now=now)
