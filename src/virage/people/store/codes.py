"""Sign-in codes, their tries, and how often they are asked for."""

from collections.abc import Mapping
from datetime import datetime

from virage.kernel.database import Connection
from virage.kernel.security import KEY_BYTES
from virage.people.rules.persons import Locale
from virage.people.rules.secrets import decoy_hash
from virage.people.rules.sign_in import ASK_WINDOW, CODE_LIFETIME, OPEN_CODE_EVERY, OPEN_CODE_LIFETIME
from virage.people.store.queries import queries


async def pace(conn: Connection, limits: Mapping[bytes, int], now: datetime) -> dict[bytes, int]:
    """How often each key was asked for within the window, this time included, counted to one above its limit."""
    rows = queries.pace(conn, keys=list(limits.keys()), limits=list(limits.values()), now=now, since=now - ASK_WINDOW)
    return {row["key"]: row["requests"] async for row in rows}


async def put_code(conn: Connection, code_key: bytes, code_hash: bytes, locale: Locale, expires_at: datetime) -> None:
    """Store the only code of an address and a device."""
    await queries.put_code(conn, code_key=code_key, code_hash=code_hash, locale=locale.value, expires_at=expires_at)


async def count_try(conn: Connection, code_key: bytes, now: datetime) -> tuple[bytes, Locale, int]:
    """The hash to compare with, the locale in which the code was asked for, and the number of this try."""
    row = await queries.count_try(
        conn, code_key=code_key, decoy_hash=decoy_hash(), decoy_expires_at=now + CODE_LIFETIME, now=now
    )
    return row["code_hash"], Locale(row["locale"]), row["tries"]


async def put_open_code(conn: Connection, open_key: bytes, code_hash: bytes, locale: Locale, now: datetime) -> bool:
    """Store the open code of an address; False while the one before is young enough to be used."""
    expires_at = now + OPEN_CODE_LIFETIME
    row = await queries.put_open_code(
        conn,
        open_key=open_key,
        code_hash=code_hash,
        locale=locale.value,
        expires_at=expires_at,
        renewed_until=expires_at - OPEN_CODE_EVERY,
    )
    return row is not None


async def take_open_code(conn: Connection, open_key: bytes, code_hash: bytes, now: datetime) -> Locale | None:
    """Use up the open code of an address: the locale in which it was asked for, None if this is not it."""
    locale = await queries.take_open_code(conn, open_key=open_key, code_hash=code_hash, now=now)
    return None if locale is None else Locale(locale)


async def drop_code(conn: Connection, code_key: bytes) -> None:
    """Let a code work no more."""
    await queries.drop_code(conn, code_key=code_key)


async def drop_codes_of(conn: Connection, address_key: bytes) -> None:
    """Let every code of an address work no more: their keys begin with that of the address."""
    await queries.drop_codes_of(conn, address_key=address_key, after=address_key + b"\xff" * (KEY_BYTES + 1))


async def drop_pace(conn: Connection, keys: list[bytes]) -> None:
    """Forget what was counted under the keys."""
    await queries.drop_pace(conn, keys=keys)


async def tidy_codes(conn: Connection, now: datetime) -> None:
    """Forget codes and counts that are over."""
    await queries.tidy_codes(conn, now=now)
    await queries.tidy_pace(conn, before=now - ASK_WINDOW)
