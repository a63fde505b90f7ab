"""Public keys: issuer keys for gates and API clients, and keys of devices."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys import store
from virage.identity.keys.rules.keys import HolderKey, IssuerKey, holder_key_from_jwk, kid_of
from virage.identity.people import api as people
from virage.platform.data.database import Connection, Database
from virage.platform.values.jwk import KEY_BYTES, base64url, bytes_of_base64url

KEYS_KEPT_MAX: Final = 5_000


class IssuerJwk(Struct, frozen=True):
    """An event's public signing key as a JWK (RFC 8037); `kid` is the key id in the pass, in base64url."""

    kid: str
    x: str
    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"


class PassKeys(Struct, frozen=True):
    """The public keys that verify the passes of an event, as a JWK set."""

    event_id: UUID
    keys: tuple[IssuerJwk, ...]


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
    """Return a published key in the form of `verify`.

    Raises:
        ValueError: if the JWK is not one that Virage publishes.
    """
    public = bytes_of_base64url(jwk.x)
    if public is None or len(public) != KEY_BYTES or base64url(kid_of(public)) != jwk.kid:
        raise ValueError(f"{jwk.kid!r} is no key of a pass.")
    return IssuerKey(event_id, kid_of(public), public)


DeviceKeys = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, HolderKey]]]
"""Reads the public keys of paired devices."""


async def device_keys(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, HolderKey]:
    """Return the public keys of devices."""
    found = await people.devices(conn, device_ids)
    keys = {device_id: holder_key_from_jwk(device.public_key) for device_id, device in found.items()}
    return {device_id: key for device_id, key in keys.items() if key is not None}


class DeviceKeyring:
    """Public keys of devices cached by a process: a key never changes."""

    def __init__(self, db: Database, keys: DeviceKeys = device_keys) -> None:
        self._db = db
        self._keys = keys
        self._kept: OrderedDict[UUID, HolderKey] = OrderedDict()

    async def key(self, device_id: UUID) -> HolderKey | None:
        """Return the public key of a device."""
        found = self._kept.get(device_id)
        if found is None:
            async with self._db.connection() as conn:
                found = (await self._keys(conn, [device_id])).get(device_id)
            if found is not None:
                self._kept[device_id] = found
                if len(self._kept) > KEYS_KEPT_MAX:
                    self._kept.popitem(last=False)
        return found
