"""Deletion of expired data."""

from datetime import datetime

from virage.identity.people.store import codes, devices, emails, grants, passkeys, recovery, sessions
from virage.platform.data.database import Connection


async def tidy(conn: Connection, now: datetime) -> None:
    """Delete expired sessions and browsers, codes, counts and challenges, recoveries, pairings, tokens and emails."""
    await sessions.delete_expired_sessions(conn, now)
    await sessions.delete_old_browsers(conn, now)
    await codes.delete_expired_codes(conn, now)
    await passkeys.delete_expired_challenges(conn, now)
    await recovery.delete_old_recoveries(conn, now)
    await devices.delete_expired_pairings(conn, now)
    await grants.delete_expired_grants(conn, now)
    await emails.delete_old_emails(conn, now)
