"""Devices, and the codes that wait for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.identity.people.rules.devices import (
    LEFT_POSTS_KEPT,
    Device,
    DeviceKind,
    HeldDevice,
    OfficeDevice,
    Pairing,
)
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.jwk import Jwk
from virage.platform.values.tokens import token_hash


class DeviceRecord(NamedTuple):
    """When a device was paired and revoked."""

    id: UUID
    paired_at: datetime
    revoked_at: datetime | None


async def open_pairing(conn: Connection, pairing: Pairing, handle: str, now: datetime) -> bool:
    """Store a pairing under its handle, or give one that waits a new code; False where it means something else."""
    opened = await queries.open_pairing(
        conn,
        pairing_id=pairing.id,
        handle=handle,
        secret_hash=pairing.secret_hash,
        name=pairing.name,
        kind=pairing.kind.value,
        posts=pairing.posts,
        opened_by=pairing.opened_by,
        now=now,
        expires_at=pairing.expires_at,
    )
    return opened is not None


async def pairing_known(conn: Connection, pairing_id: UUID) -> bool:
    """Whether a pairing waits under this id."""
    return await queries.pairing_known(conn, pairing_id=pairing_id) is not None


async def lock_pairing(conn: Connection, handle: str) -> Pairing | None:
    """Return the pairing of a handle, locked."""
    row = await queries.lock_pairing(conn, handle=handle)
    return None if row is None else msgspec.convert(dict(row), Pairing)


async def count_miss(conn: Connection, pairing_id: UUID) -> None:
    """Count one more wrong secret."""
    await queries.count_miss(conn, pairing_id=pairing_id)


async def pairings_by(conn: Connection, person_id: UUID, now: datetime) -> dict[UUID, tuple[DeviceKind, list[str]]]:
    """The posts of the person's pairings that wait, with the kind of device that would stand there."""
    rows = queries.pairings_by(conn, person_id=person_id, now=now)
    return {row["id"]: (DeviceKind(row["kind"]), row["posts"]) async for row in rows}


async def drop_pairings(conn: Connection, pairing_ids: Sequence[UUID]) -> None:
    """Delete pairing codes."""
    await queries.drop_pairings(conn, pairing_ids=pairing_ids)


async def delete_expired_pairings(conn: Connection, now: datetime) -> None:
    """Forget codes that are over."""
    await queries.delete_expired_pairings(conn, now=now)


async def add_device(
    conn: Connection, device_id: UUID, pairing: Pairing, *, key: Jwk, token: str, now: datetime
) -> None:
    """Store the device of a pairing under the hash of its token."""
    await queries.add_device(
        conn,
        device_id=device_id,
        pairing_id=pairing.id,
        token_hash=token_hash(token),
        name=pairing.name,
        kind=pairing.kind.value,
        public_key=msgspec.to_builtins(key),
        posts=pairing.posts,
        paired_by=pairing.opened_by,
        now=now,
    )


async def renew_device(conn: Connection, device_id: UUID, token: str) -> None:
    """Give a device another token."""
    await queries.renew_device(conn, device_id=device_id, token_hash=token_hash(token))


def _device(row: Any) -> Device | None:
    return None if row is None else msgspec.convert(dict(row), Device)


async def device_of_pairing(conn: Connection, pairing_id: UUID) -> Device | None:
    """The device that a pairing brought."""
    return _device(await queries.device_of_pairing(conn, pairing_id=pairing_id))


async def devices(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, Device]:
    """Those of the devices that there are."""
    rows = queries.devices(conn, device_ids=device_ids)
    return {row["id"]: msgspec.convert(dict(row), Device) async for row in rows}


async def lock_device(conn: Connection, device_id: UUID) -> Device | None:
    """Return the device, locked."""
    return _device(await queries.lock_device(conn, device_id=device_id))


async def hold_devices(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, HeldDevice]:
    """The devices that exist, locked in the order of their ids: none is revoked until the transaction ends."""
    return {row["id"]: HeldDevice(**row) async for row in queries.hold_devices(conn, device_ids=device_ids)}


def _office_device(row: Any) -> OfficeDevice:
    return msgspec.convert(dict(row) | {"may_change": False}, OfficeDevice)


async def office_devices(conn: Connection, limit: int) -> list[OfficeDevice]:
    """All devices, revoked ones last; what the asker may do is for the reader to say."""
    return [_office_device(row) async for row in queries.office_devices(conn, limit=limit)]


async def office_device(conn: Connection, device_id: UUID) -> OfficeDevice | None:
    """One device as the office lists it."""
    row = await queries.office_device(conn, device_id=device_id)
    return None if row is None else _office_device(row)


async def change_device(conn: Connection, device_id: UUID, name: str, posts: Sequence[str], now: datetime) -> None:
    """Store a name and posts, and which posts the device left."""
    await queries.change_device(
        conn, device_id=device_id, name=name, posts=posts, now=now, left_since=now - LEFT_POSTS_KEPT
    )


async def revoke_device(conn: Connection, device_id: UUID, by: UUID, now: datetime) -> bool:
    """End a device; False if it was dead already."""
    return bool(await queries.revoke_device(conn, device_id=device_id, revoked_by=by, now=now))


async def devices_paired_by(conn: Connection, person_id: UUID) -> list[DeviceRecord]:
    """The devices that a person paired."""
    return [DeviceRecord(**row) async for row in queries.devices_paired_by(conn, person_id=person_id)]
