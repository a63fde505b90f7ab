"""Sign-in codes, their tries, and rate limits of requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.secrets import decoy_hash
from virage.identity.people.rules.sign_in import (
    CODE_LIFETIME,
    NEVER_REQUESTED,
    NEWCOMER_BURST,
    OPEN_CODE_EVERY,
    OPEN_CODE_LIFETIME,
    REQUEST_WINDOW,
    WRONG_MAX,
    WRONG_WINDOW,
    AddressStatus,
    Slot,
    newcomer_slot_at,
)
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.derivation import KEY_BYTES


class NewcomerBudget(NamedTuple):
    """When the next email to a newcomer may go, and how many emails were not sent since the start."""

    free_at: datetime
    unsent: int


async def count_requests(conn: Connection, limits: Mapping[bytes, int], now: datetime) -> dict[bytes, int]:
    """How often each key was asked for within the window, this time included, counted to one above its limit."""
    rows = queries.count_requests(
        conn, keys=list(limits.keys()), limits=list(limits.values()), now=now, since=now - REQUEST_WINDOW
    )
    return {row["key"]: row["requests"] async for row in rows}


async def address_status(conn: Connection, address: str, key: bytes, now: datetime) -> AddressStatus:
    """What sign-in must know of an address; `key` is its `address_key`."""
    row = await queries.address_status(conn, email=address, address_key=key, now=now, since=now - WRONG_WINDOW)
    return AddressStatus(known=row["known"], staff=row["staff"], wrong=row["wrong"])


async def newcomer_slot(conn: Connection, per_minute: int, network: bytes | None, now: datetime) -> Slot | None:
    """Return the time of the next email to an address without an account; None without budget.

    `network` is the key of the requesting network. The budget stays locked until the transaction ends.
    """
    free_at = await queries.lock_newcomer_budget(conn)
    network_free_at = None if network is None else await queries.newcomer_network(conn, key=network)
    slot = newcomer_slot_at(free_at, network_free_at or NEVER_REQUESTED, per_minute, now)
    if slot is None:
        await queries.count_unsent(conn)
    return slot


async def take_newcomer_slot(conn: Connection, slot: Slot, network: bytes | None) -> None:
    """Use a moment up."""
    await queries.take_newcomer_slot(conn, free_at=slot.free_at)
    if network is not None:
        await queries.take_network_slot(conn, key=network, free_at=slot.network_free_at)


async def newcomer_budget(conn: Connection) -> NewcomerBudget:
    """How the budget of emails to newcomers stands."""
    row = await queries.newcomer_budget(conn)
    return NewcomerBudget(row["free_at"], row["unsent"])


async def count_wrong(conn: Connection, key: bytes, now: datetime) -> int:
    """Count a try at an address before it is looked at; its number within the window, to one above the limit."""
    number: int = await queries.count_wrong(conn, address_key=key, now=now, limit=WRONG_MAX, since=now - WRONG_WINDOW)
    return number


async def uncount_correct(conn: Connection, key: bytes) -> None:
    """Take back the count of the transaction's own try, which was right."""
    await queries.uncount_correct(conn, address_key=key)


async def drop_wrong(conn: Connection, key: bytes) -> None:
    """Forget the wrong tries at an address."""
    await queries.drop_wrong(conn, address_key=key)


async def put_code(conn: Connection, code_key: bytes, code_hash: bytes, locale: Locale, expires_at: datetime) -> None:
    """Store the only code of its length of an address and a browser."""
    await queries.put_code(conn, code_key=code_key, code_hash=code_hash, locale=locale, expires_at=expires_at)


async def count_try(conn: Connection, code_key: bytes, now: datetime) -> tuple[bytes, Locale, int]:
    """The hash to compare with, the locale in which the code was asked for, and the number of this try."""
    row = await queries.count_try(
        conn, code_key=code_key, decoy_hash=decoy_hash(), decoy_expires_at=now + CODE_LIFETIME, now=now
    )
    return row["code_hash"], row["locale"], row["tries"]


async def put_open_code(conn: Connection, open_key: bytes, code_hash: bytes, locale: Locale, now: datetime) -> bool:
    """Store the open code of an address; False while the one before is young enough to be used."""
    expires_at = now + OPEN_CODE_LIFETIME
    row = await queries.put_open_code(
        conn,
        open_key=open_key,
        code_hash=code_hash,
        locale=locale,
        expires_at=expires_at,
        renewed_until=expires_at - OPEN_CODE_EVERY,
    )
    return row is not None


async def take_open_code(conn: Connection, open_key: bytes, code_hash: bytes, now: datetime) -> Locale | None:
    """Use up the open code of an address: the locale in which it was asked for, None if this is not it."""
    locale: Locale | None = await queries.take_open_code(conn, open_key=open_key, code_hash=code_hash, now=now)
    return locale


async def drop_code(conn: Connection, code_key: bytes) -> None:
    """Delete a code."""
    await queries.drop_code(conn, code_key=code_key)


async def drop_codes_of(conn: Connection, address_key: bytes) -> None:
    """Delete all codes of an address: their keys begin with that of the address."""
    await queries.drop_codes_of(conn, address_key=address_key, after=address_key + b"\xff" * (KEY_BYTES + 1))


async def drop_pace(conn: Connection, keys: list[bytes]) -> None:
    """Forget what was counted under the keys."""
    await queries.drop_pace(conn, keys=keys)


async def delete_expired_codes(conn: Connection, now: datetime) -> None:
    """Forget codes and counts that are over."""
    await queries.delete_expired_codes(conn, now=now)
    await queries.delete_old_counts(conn, before=now - REQUEST_WINDOW)
    await queries.delete_old_wrong_tries(conn, before=now - WRONG_WINDOW)
    await queries.delete_idle_networks(conn, before=now - NEWCOMER_BURST)
