"""What screens, gates and neighbours may know about passes."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import store
from virage.identity.passes.rules.holding import Form, Pass
from virage.identity.passes.rules.keys import HolderKey, IssuerKey, holder_key_from_jwk, kid_of
from virage.identity.people import reads as people
from virage.platform.database import Connection, Database
from virage.platform.keys import KEY_BYTES, base64url, bytes_of_base64url

KEYS_KEPT_MAX: Final = 5_000


class PassState(Struct, frozen=True):
    """How a pass stands, for its owner. A phone may bind its key from `opens_at` on."""

    event_id: UUID
    number: int
    generation: int
    form: Form
    opens_at: datetime
    not_before: datetime
    expires_at: datetime
    rebinds_left: int
    revoked: bool
    entered_at: datetime | None


class IssuerJwk(Struct, frozen=True):
    """An event's public signing key as a JWK (RFC 8037); `kid` is the key id in the pass, in base64url."""

    kid: str
    x: str
    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"


class PassKeys(Struct, frozen=True):
    """What a gate needs to verify the passes of an event: a JWK set."""

    event_id: UUID
    keys: tuple[IssuerJwk, ...]


async def states(conn: Connection, subjects: Sequence[UUID]) -> dict[UUID, PassState]:
    """Return the state of each pass by its subject; subjects without a pass are not in it."""
    held = await store.passes_of(conn, subjects)
    return {subject: _state(one) for subject, one in held.items()}


class GatePass(Struct, frozen=True):
    """What a gate must know of a pass besides what its code says."""

    event_id: UUID
    number: int
    place: int
    gate_group: str
    generation: int
    revoked: bool


async def at_gate(conn: Connection, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], GatePass]:
    """Return passes by (event, number); those that were never issued are not in it."""
    found = [GatePass(*row) for row in await store.passes_at_gate(conn, wanted)]
    return {(one.event_id, one.number): one for one in found}


class Changed(Struct, frozen=True):
    """The passes of an event as a gate without network must know them: how many, and what differs from their issue."""

    issued: int
    revoked: tuple[int, ...]
    generations: tuple[tuple[int, int], ...]


async def changed(conn: Connection, event_id: UUID) -> Changed:
    """Return what differs from the issue of the event's passes."""
    rows = await store.changed_passes(conn, event_id)
    return Changed(
        await store.issued(conn, event_id),
        tuple(number for number, _, revoked in rows if revoked),
        tuple((number, generation) for number, generation, _ in rows if generation),
    )


async def of_groups(conn: Connection, event_id: UUID, groups: Sequence[str]) -> list[tuple[UUID, int, int]]:
    """Return (subject, number, place) of the live passes that enter through some gate groups, by number."""
    return await store.passes_of_groups(conn, event_id, groups)


async def counts_by_part(conn: Connection, event_id: UUID, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (live, entered) passes by part of the ground; part n begins at the n-th of `firsts`, which ascend."""
    return await store.counts_by_part(conn, event_id, firsts)


async def issuer_keys(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, IssuerKey]:
    """Return the public signing key of each event that has one."""
    return {event_id: key.issuer for event_id, key in (await store.signing_keys(conn, event_ids)).items()}


async def published_keys(conn: Connection, event_id: UUID) -> PassKeys | None:
    """Return the event's public keys, or None before its first key."""
    keys = await store.signing_keys(conn, [event_id])
    if not keys:
        return None
    jwks = tuple(IssuerJwk(kid=base64url(key.kid), x=base64url(key.public)) for key in keys.values())
    return PassKeys(event_id, jwks)


def issuer_key(event_id: UUID, jwk: IssuerJwk) -> IssuerKey:
    """Return a published key as `verify` takes it.

    Raises:
        ValueError: when the JWK is not one that Virage publishes.
    """
    public = bytes_of_base64url(jwk.x)
    if public is None or len(public) != KEY_BYTES or base64url(kid_of(public)) != jwk.kid:
        raise ValueError(f"{jwk.kid!r} is no key of a pass.")
    return IssuerKey(event_id, kid_of(public), public)


def _state(held: Pass) -> PassState:
    return PassState(
        event_id=held.event_id,
        number=held.number,
        generation=held.generation,
        form=held.form,
        opens_at=held.opens_at,
        not_before=held.not_before,
        expires_at=held.expires_at,
        rebinds_left=held.rebinds_left,
        revoked=held.revoked_at is not None,
        entered_at=held.entered_at,
    )


DeviceKeys = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, HolderKey]]]
"""The public keys of paired devices; people know them."""


async def device_keys(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, HolderKey]:
    """The public keys of devices, from people."""
    found = await people.devices(conn, device_ids)
    keys = {device_id: holder_key_from_jwk(one.public_key) for device_id, one in found.items()}
    return {device_id: key for device_id, key in keys.items() if key is not None}


class DeviceKeyring:
    """The public keys of devices in one process, read once and kept: none of them ever changes."""

    def __init__(self, db: Database, keys: DeviceKeys = device_keys) -> None:
        self._db = db
        self._keys = keys
        self._kept: OrderedDict[UUID, HolderKey] = OrderedDict()

    async def key(self, device_id: UUID) -> HolderKey | None:
        """The public key of a device."""
        found = self._kept.get(device_id)
        if found is None:
            async with self._db.connection() as conn:
                found = (await self._keys(conn, [device_id])).get(device_id)
            if found is not None:
                self._kept[device_id] = found
                if len(self._kept) > KEYS_KEPT_MAX:
                    self._kept.popitem(last=False)
        return found
