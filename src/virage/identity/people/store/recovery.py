"""Recoveries and recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.rules.recovery import KEPT_FOR, REQUEST_WINDOW, Recovery
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.tokens import token_hash


async def open_recovery(conn: Connection, person_id: UUID, now: datetime) -> Recovery | None:
    """The recovery of a person that waits or is ready."""
    row = await queries.open_recovery(conn, person_id=person_id, now=now)
    return None if row is None else Recovery(**row)


async def requests_within_a_day(conn: Connection, person_id: UUID, now: datetime) -> int:
    """How many recoveries of a person began within a day, also those that were cancelled."""
    count: int = await queries.recoveries_since(conn, person_id=person_id, since=now - REQUEST_WINDOW)
    return count


async def begin_recovery(
    conn: Connection, recovery: Recovery, person_id: UUID, cancel_code: str, now: datetime
) -> None:
    """Store a recovery in place of one that expired unused."""
    await queries.drop_missed_recovery(conn, person_id=person_id, now=now)
    await queries.begin_recovery(
        conn,
        recovery_id=recovery.id,
        person_id=person_id,
        cancel_hash=token_hash(cancel_code),
        now=now,
        ready_at=recovery.ready_at,
        expires_at=recovery.expires_at,
    )


async def use_recovery(conn: Connection, recovery_id: UUID, now: datetime) -> None:
    """Store that a recovery let its person in."""
    await queries.use_recovery(conn, recovery_id=recovery_id, now=now)


async def cancel_recovery(conn: Connection, person_id: UUID, now: datetime) -> UUID | None:
    """End the recovery of a person: its id, None if there is none."""
    recovery_id: UUID | None = await queries.cancel_recovery(conn, person_id=person_id, now=now)
    return recovery_id


async def person_of_recovery(conn: Connection, cancel_code: str, now: datetime) -> UUID | None:
    """Whose recovery a code in an email cancels."""
    person_id: UUID | None = await queries.person_of_recovery(conn, cancel_hash=token_hash(cancel_code), now=now)
    return person_id


async def delete_old_recoveries(conn: Connection, now: datetime) -> None:
    """Forget recoveries that are long over."""
    await queries.delete_old_recoveries(conn, before=now - KEPT_FOR)


async def put_codes(conn: Connection, person_id: UUID, code_hashes: Sequence[bytes], now: datetime) -> None:
    """Replace the recovery codes of a person."""
    await queries.drop_recovery_codes(conn, person_id=person_id)
    await queries.put_recovery_codes(conn, person_id=person_id, code_hashes=code_hashes, now=now)


async def take_code(conn: Connection, person_id: UUID, code_hashes: Sequence[bytes]) -> bool:
    """Use a recovery code up, hashed under the current and previous keys; False if it is none."""
    return await queries.take_recovery_code(conn, person_id=person_id, code_hashes=code_hashes) is not None


async def codes_left(conn: Connection, person_id: UUID) -> int:
    """How many recovery codes a person has left."""
    count: int = await queries.recovery_codes_left(conn, person_id=person_id)
    return count


async def erase(conn: Connection, person_id: UUID) -> None:
    """Forget the recoveries and recovery codes of a person."""
    await queries.erase_recoveries(conn, person_id=person_id)
    await queries.drop_recovery_codes(conn, person_id=person_id)
