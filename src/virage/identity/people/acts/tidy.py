"""Forgetting what is over."""

from datetime import datetime

from virage.identity.people.store import codes, devices, grants, letters, sessions
from virage.platform.data.database import Connection


async def tidy(conn: Connection, now: datetime) -> None:
    """Delete sessions, codes, counts, pairings, invitations, tokens and letters whose time is over."""
    await sessions.tidy_sessions(conn, now)
    await codes.tidy_codes(conn, now)
    await devices.tidy_pairings(conn, now)
    await grants.tidy_grants(conn, now)
    await letters.tidy_letters(conn, now)
