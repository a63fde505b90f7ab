"""Deletion of expired data."""

from datetime import datetime

from virage.identity.people.store import codes, devices, emails, grants, sessions
from virage.platform.data.database import Connection


async def tidy(conn: Connection, now: datetime) -> None:
    """Delete expired sessions, codes, counts, pairings, invitations, tokens and emails."""
    await sessions.delete_expired_sessions(conn, now)
    await codes.delete_expired_codes(conn, now)
    await devices.delete_expired_pairings(conn, now)
    await grants.delete_expired_grants(conn, now)
    await emails.delete_old_emails(conn, now)
