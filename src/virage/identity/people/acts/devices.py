"""Devices at gates and outlets: expected by a code, paired once, moved, revoked."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.office import current
from virage.identity.people.rules import secrets
from virage.identity.people.rules.devices import (
    ASKS_PER_HANDLE,
    PAIRING_LIFETIME,
    Arrival,
    Device,
    DeviceArrival,
    DeviceChange,
    DeviceKind,
    DevicePaired,
    Pairing,
    PairingOpened,
    PairingWish,
    Posts,
    judge_arrival,
    may_assign,
    may_revoke,
    new_pairing_code,
    read_code,
    secret_hash,
    tidy_posts,
)
from virage.identity.people.rules.persons import tidy_name
from virage.identity.people.rules.reasons import NOT_A_DEVICE_NAME, NOT_A_KEY, NOT_POSTS, Reason
from virage.identity.people.rules.secrets import Secrets
from virage.identity.people.store import codes, devices
from virage.identity.people.store.scopes import posts_for
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, coordinates_of
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Principal

HANDLES_TRIED = 5

NO_CODE = Refused(Reason.PAIRING_INVALID)
"""What was typed is no code at all: nothing counts."""
TRY_COUNTED = Refused(Reason.PAIRING_INVALID, commit=True)


async def open_pairing(
    conn: Connection, keys: Secrets, actor: Principal, wish: PairingWish, now: datetime
) -> PairingOpened | Refused:
    """Expect a device at posts that the actor leads; the answer holds the code, the database its hash.

    The same wish again, whose answer was lost, gets another code, and the one before is dead. Once the device has come,
    its pairing's id is taken.
    """
    posts = posts_for(wish.kind)
    described = _described(wish.name, wish.posts, posts)
    if isinstance(described, Refused):
        return described
    name, wanted = described
    opener = await current(conn, actor)
    if opener is None or opener.id is None or not may_assign(opener, wanted, posts):
        return Refused(Reason.FORBIDDEN)
    if await devices.device_of_pairing(conn, wish.id) is not None:
        return Refused(Reason.ID_TAKEN)
    for _ in range(HANDLES_TRIED):
        code, expires_at = new_pairing_code(), now + PAIRING_LIFETIME
        hashed = secret_hash(keys, wish.id, code.secret)
        pairing = Pairing(wish.id, hashed, 0, name, wish.kind, wanted, opener.id, expires_at)
        if await devices.open_pairing(conn, pairing, code.handle, now):
            await journal.append(conn, [Fact("pairing_opened", opener.id, wish.id, {"posts": wanted})], now)
            return PairingOpened(wish.id, code.shown(), expires_at)
        if await devices.pairing_known(conn, wish.id):
            return Refused(Reason.ID_TAKEN)
    return Refused(Reason.RATE_LIMITED)  # nearly every handle is waiting: somebody opens pairings without end


async def install_till(conn: Connection, device_id: UUID, name: str, outlet: str, *, key: Jwk, now: datetime) -> None:
    """Write down a till of the house itself: the server holds its key, and no token opens anything as it."""
    own = Pairing(device_id, b"", 0, name, DeviceKind.TILL, [outlet], device_id, now)
    await devices.add_device(conn, device_id, own, key=key, token=new_token(), now=now)
    await journal.append(conn, [Fact("till_installed", None, device_id, {"posts": [outlet]})], now)


def _described(written: str, wanted: list[str], posts: Posts) -> tuple[str, list[str]] | Refused:
    try:
        name = tidy_name(written)
    except ValueError:
        name = None
    if name is None:
        return NOT_A_DEVICE_NAME
    tidied = tidy_posts(wanted, posts)
    return NOT_POSTS if tidied is None else (name, tidied)


async def pair(conn: Connection, keys: Secrets, arrival: DeviceArrival, now: datetime) -> DevicePaired | Refused:
    """Let a device in that shows its code: once, or again with the same key when the answer was lost.

    A code that is unknown, wrong, over, used or dead gets one answer. A try of a whole code counts, also when refused.
    """
    if coordinates_of(arrival.key) is None:
        return NOT_A_KEY
    code = read_code(arrival.code)
    if code is None:
        return NO_CODE
    handle = secrets.pace_key(keys, "pairing", code.handle)
    if (await codes.pace(conn, {handle: ASKS_PER_HANDLE}, now))[handle] > ASKS_PER_HANDLE:
        return Refused(Reason.RATE_LIMITED, commit=True)
    pairing = await devices.lock_pairing(conn, code.handle)
    if pairing is None:
        return TRY_COUNTED
    return await _try(conn, pairing, secret_hash(keys, pairing.id, code.secret), arrival.key, now)


async def _try(
    conn: Connection, pairing: Pairing, tried_hash: bytes, key: Jwk, now: datetime
) -> DevicePaired | Refused:
    """One try at a pairing that is locked."""
    came = await devices.device_of_pairing(conn, pairing.id)
    verdict = judge_arrival(pairing, came, tried_hash, key, now)
    if verdict is Arrival.MISSED:
        await devices.count_miss(conn, pairing.id)
    if verdict is Arrival.NEW:
        return await _let_in(conn, pairing, key, now)
    if verdict is Arrival.SAME and came is not None:
        return await _let_in_again(conn, pairing, came, now)
    return TRY_COUNTED


async def _let_in(conn: Connection, pairing: Pairing, key: Jwk, now: datetime) -> DevicePaired:
    paired = DevicePaired(new_id(), new_token(), pairing.name, pairing.kind, pairing.posts)
    await devices.add_device(conn, paired.device_id, pairing, key=key, token=paired.token, now=now)
    about = {"pairing": pairing.id, "posts": pairing.posts}
    await journal.append(conn, [Fact("device_paired", pairing.opened_by, paired.device_id, about)], now)
    return paired


async def _let_in_again(conn: Connection, pairing: Pairing, came: Device, now: datetime) -> DevicePaired:
    token = new_token()
    await devices.renew_device(conn, came.id, token)
    await journal.append(conn, [Fact("device_paired_again", None, came.id, {"pairing": pairing.id})], now)
    return DevicePaired(came.id, token, came.name, came.kind, came.posts)


async def change_device(
    conn: Connection, actor: Principal, device_id: UUID, wish: DeviceChange, now: datetime
) -> Refused | None:
    """Rename a device, or move it from posts that the actor leads to others that they lead too."""
    mover = await current(conn, actor)
    device = await devices.lock_device(conn, device_id)
    if device is None:
        return Refused(Reason.NOT_FOUND)
    posts = posts_for(device.kind)
    described = _described(wish.name, wish.posts, posts)
    if isinstance(described, Refused):
        return described
    name, wanted = described
    if mover is None or not may_assign(mover, [*device.posts, *wanted], posts):
        return Refused(Reason.FORBIDDEN)
    if device.revoked_at is not None:
        return Refused(Reason.DEVICE_REVOKED)
    if (name, wanted) != (device.name, device.posts):
        await devices.change_device(conn, device_id, name, wanted)
        await journal.append(conn, [Fact("device_changed", mover.id, device_id, {"posts": wanted})], now)
    return None


async def revoke_device(conn: Connection, actor: Principal, device_id: UUID, now: datetime) -> Refused | None:
    """End a device at once. Whoever leads one of its posts may: a stolen one does not wait for somebody else."""
    ender = await current(conn, actor)
    device = await devices.lock_device(conn, device_id)
    if device is None:
        return Refused(Reason.NOT_FOUND)
    if ender is None or ender.id is None or not may_revoke(ender, device.posts, posts_for(device.kind)):
        return Refused(Reason.FORBIDDEN)
    if await devices.revoke_device(conn, device_id, ender.id, now):
        await journal.append(conn, [Fact("device_revoked", ender.id, device_id)], now)
    return None
