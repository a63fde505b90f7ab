"""PINs of staff, for devices without network."""

import asyncio
import secrets
from datetime import datetime
from uuid import UUID

from virage.identity.people.rules.pins import PINS_PER_HOUR, SALT_BYTES, PinVerifier, check_pin, verifier_of
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import PeopleKeys, rate_key
from virage.identity.people.store import codes, grants, persons, pins
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.refusals import Refused


async def new_verifier(pin: str) -> PinVerifier | Refused:
    """Compute what a PIN is checked against, beside the event loop and outside of any transaction: it takes a while."""
    refusal = check_pin(pin)
    if refusal is not None:
        return refusal
    return await asyncio.to_thread(verifier_of, pin, secrets.token_bytes(SALT_BYTES))


async def limit_pins(conn: Connection, keys: PeopleKeys, what: str, person_id: UUID, now: datetime) -> Refused | None:
    """Count a PIN that a person chooses, in all processes together; `what` names its kind."""
    key = rate_key(keys, what, str(person_id))
    if (await codes.count_requests(conn, {key: PINS_PER_HOUR}, now))[key] > PINS_PER_HOUR:
        return Refused(Reason.RATE_LIMITED, commit=True)
    return None


async def set_pin(conn: Connection, person_id: UUID, pin: PinVerifier, now: datetime) -> Refused | None:
    """Set or replace the PIN of a staff member."""
    if await persons.lock_person(conn, person_id) is None or not await grants.grants_of(conn, person_id):
        return Refused(Reason.FORBIDDEN)
    await pins.put_pin(conn, person_id, pin, now)
    await journal.append(conn, [Fact("pin_set", person_id, person_id)], now)
    return None
