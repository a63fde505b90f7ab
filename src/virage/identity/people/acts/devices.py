"""Devices at gates and outlets: pairing, changes and revocation."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.staff import lock_actor
from virage.identity.people.rules import secrets
from virage.identity.people.rules.devices import (
    PAIRING_LIFETIME,
    REQUESTS_PER_HANDLE,
    Device,
    DeviceKind,
    DevicePairing,
    DeviceUpdate,
    OpenedPairing,
    PairedDevice,
    Pairing,
    PairingRequest,
    PairingVerdict,
    Posts,
    judge_pairing,
    may_assign,
    may_revoke,
    new_pairing_code,
    normalise_posts,
    parse_code,
    secret_hash,
)
from virage.identity.people.rules.persons import normalise_name
from virage.identity.people.rules.reasons import NOT_A_DEVICE_NAME, NOT_A_KEY, NOT_POSTS, Reason
from virage.identity.people.rules.secrets import PeopleKeys
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
"""The input is not a pairing code; it is not counted as a try."""
TRY_COUNTED = Refused(Reason.PAIRING_INVALID, commit=True)


async def open_pairing(
    conn: Connection, keys: PeopleKeys, actor: Principal, request: PairingRequest, now: datetime
) -> OpenedPairing | Refused:
    """Open a pairing at posts that the actor leads. Return its code; the database stores only the hash.

    The same wish again, whose answer was lost, gets another code, and the one before is dead. Once the device has come,
    its pairing's id is taken.
    """
    posts = await posts_for(conn, request.kind)
    described = _validated(request.name, request.posts, posts)
    if isinstance(described, Refused):
        return described
    name, wanted = described
    opener = await lock_actor(conn, actor)
    if opener is None or opener.id is None or not may_assign(opener, wanted, posts):
        return Refused(Reason.FORBIDDEN)
    if await devices.device_of_pairing(conn, request.id) is not None:
        return Refused(Reason.ID_TAKEN)
    for _ in range(HANDLES_TRIED):
        code, expires_at = new_pairing_code(), now + PAIRING_LIFETIME
        hashed = secret_hash(keys, request.id, code.secret)
        pairing = Pairing(request.id, hashed, 0, name, request.kind, wanted, opener.id, expires_at)
        if await devices.open_pairing(conn, pairing, code.handle, now):
            await journal.append(conn, [Fact("pairing_opened", opener.id, request.id, {"posts": wanted})], now)
            return OpenedPairing(request.id, code.shown(), expires_at)
        if await devices.pairing_known(conn, request.id):
            return Refused(Reason.ID_TAKEN)
    return Refused(Reason.RATE_LIMITED)  # nearly every handle is in use


async def install_till(conn: Connection, device_id: UUID, name: str, outlet: str, *, key: Jwk, now: datetime) -> None:
    """Add a till run by the server itself, which holds its key. Its token is discarded."""
    own = Pairing(device_id, b"", 0, name, DeviceKind.TILL, [outlet], device_id, now)
    await devices.add_device(conn, device_id, own, key=key, token=new_token(), now=now)
    await journal.append(conn, [Fact("till_installed", None, device_id, {"posts": [outlet]})], now)


def _validated(written: str, wanted: list[str], posts: Posts) -> tuple[str, list[str]] | Refused:
    try:
        name = normalise_name(written)
    except ValueError:
        name = None
    if name is None:
        return NOT_A_DEVICE_NAME
    tidied = normalise_posts(wanted, posts)
    return NOT_POSTS if tidied is None else (name, tidied)


async def pair(conn: Connection, keys: PeopleKeys, arrival: DevicePairing, now: datetime) -> PairedDevice | Refused:
    """Pair a device by its code: once, or again with the same key if the response was lost.

    Unknown, wrong, expired and used codes get the same refusal. Each complete code counts as a try.
    """
    if coordinates_of(arrival.key) is None:
        return NOT_A_KEY
    code = parse_code(arrival.code)
    if code is None:
        return NO_CODE
    handle = secrets.rate_key(keys, "pairing", code.handle)
    if (await codes.count_requests(conn, {handle: REQUESTS_PER_HANDLE}, now))[handle] > REQUESTS_PER_HANDLE:
        return Refused(Reason.RATE_LIMITED, commit=True)
    pairing = await devices.lock_pairing(conn, code.handle)
    if pairing is None:
        return TRY_COUNTED
    return await _try_code(conn, pairing, secret_hash(keys, pairing.id, code.secret), arrival.key, now)


async def _try_code(
    conn: Connection, pairing: Pairing, tried_hash: bytes, key: Jwk, now: datetime
) -> PairedDevice | Refused:
    """Try a code on a locked pairing."""
    came = await devices.device_of_pairing(conn, pairing.id)
    verdict = judge_pairing(pairing, came, tried_hash, key, now)
    if verdict is PairingVerdict.MISSED:
        await devices.count_miss(conn, pairing.id)
    if verdict is PairingVerdict.NEW:
        return await _register_device(conn, pairing, key, now)
    if verdict is PairingVerdict.SAME and came is not None:
        return await _renew_token(conn, pairing, came, now)
    return TRY_COUNTED


async def _register_device(conn: Connection, pairing: Pairing, key: Jwk, now: datetime) -> PairedDevice:
    paired = PairedDevice(new_id(), new_token(), pairing.name, pairing.kind, pairing.posts)
    await devices.add_device(conn, paired.device_id, pairing, key=key, token=paired.token, now=now)
    about = {"pairing": pairing.id, "posts": pairing.posts}
    await journal.append(conn, [Fact("device_paired", pairing.opened_by, paired.device_id, about)], now)
    return paired


async def _renew_token(conn: Connection, pairing: Pairing, came: Device, now: datetime) -> PairedDevice:
    token = new_token()
    await devices.renew_device(conn, came.id, token)
    await journal.append(conn, [Fact("device_paired_again", None, came.id, {"pairing": pairing.id})], now)
    return PairedDevice(came.id, token, came.name, came.kind, came.posts)


async def change_device(
    conn: Connection, actor: Principal, device_id: UUID, request: DeviceUpdate, now: datetime
) -> Refused | None:
    """Rename a device, or move it between posts that the actor leads, also to those of another venue."""
    mover = await lock_actor(conn, actor)
    device = await devices.lock_device(conn, device_id)
    if device is None:
        return Refused(Reason.NOT_FOUND)
    posts = await posts_for(conn, device.kind)
    described = _validated(request.name, request.posts, posts)
    if isinstance(described, Refused):
        return described
    name, wanted = described
    if mover is None or not may_assign(mover, [*device.posts, *wanted], posts):
        return Refused(Reason.FORBIDDEN)
    if device.revoked_at is not None:
        return Refused(Reason.DEVICE_REVOKED)
    if (name, wanted) != (device.name, device.posts):
        await devices.change_device(conn, device_id, name, wanted, now)
        await journal.append(conn, [Fact("device_changed", mover.id, device_id, {"posts": wanted})], now)
    return None


async def revoke_device(conn: Connection, actor: Principal, device_id: UUID, now: datetime) -> Refused | None:
    """Revoke a device at once. The lead of any of its posts may, so that a stolen device is revoked fast."""
    ender = await lock_actor(conn, actor)
    device = await devices.lock_device(conn, device_id)
    if device is None:
        return Refused(Reason.NOT_FOUND)
    if ender is None or ender.id is None or not may_revoke(ender, device.posts, await posts_for(conn, device.kind)):
        return Refused(Reason.FORBIDDEN)
    if await devices.revoke_device(conn, device_id, ender.id, now):
        await journal.append(conn, [Fact("device_revoked", ender.id, device_id)], now)
    return None
