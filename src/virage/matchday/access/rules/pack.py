"""The pack: the document with which a device decides offline; docs/gate.md describes it."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct

from virage.identity.people.types import RosterEntry
from virage.matchday.access.rules.decision import EntryTerms, Window
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, VenueState
from virage.site.programme.types import Text
from virage.site.venue.types import GateHint, Venue

PACK_PURPOSE: Final = b"virage:pack:v1\0"
LIVES: Final = timedelta(hours=24)
DIRECTORY_GROUPS_MAX: Final = 4
"""A device of more gate groups gets no directory, which would be large, and searches online."""


class PackEvent(Struct, frozen=True):
    """The event of a pack; `venue` is the code of its venue, `venue_version` addresses the geometry and the labels."""

    id: UUID
    venue: str
    venue_version: str
    title: Text
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    terms: EntryTerms


class OtherEvent(Struct, frozen=True):
    """An event of the days around, to recognise its passes; `venue` is the name of its venue if that is another one."""

    id: UUID
    title: Text
    starts_at: datetime
    kid: str
    venue: str | None = None


class PublicKey(Struct, frozen=True):
    """Public key of an event as a JWK (Ed25519)."""

    kid: str
    x: str
    kty: str = "OKP"
    crv: str = "Ed25519"


class PackGate(Struct, frozen=True):
    """A gate as decisions need it; `closed` also when all entry is stopped."""

    groups: tuple[str, ...]
    zone: str
    turnstile: bool
    closed: bool


class PackZone(Struct, frozen=True):
    """Whether a zone is full."""

    full: bool


class Bitmaps(Struct, frozen=True):
    """Bitmaps in base64: bit `number % 8` of byte `number // 8` is the pass of that number."""

    revoked: str
    flagged: str
    inside: str
    outside: str


class Directory(Struct, frozen=True):
    """Search data for people without a phone: the pass of a place, and the passes of an order code."""

    places: tuple[tuple[int, int], ...] = ()
    orders: dict[str, list[int]] = {}


class PackIdentity(Struct, frozen=True):
    """The identity rule of the event, with the names that a device compares with documents.

    `secret` in base64 selects passes (`is_selected`). `names` are those of the selected passes of the device's gate
    groups, `unnamed` is a bitmap of their tickets without a name; both are empty where the device has no directory.
    """

    secret: str
    share_percent: int
    due_at: datetime | None
    unnamed_to_desk: bool
    unnamed: str = ""
    names: tuple[tuple[int, str], ...] = ()


class Pack(Struct, frozen=True, omit_defaults=True):
    """Content of a pack; `version` is the journal position at which it was made.

    `identity` is left out for an event without an identity rule.
    """

    event: PackEvent
    version: str
    expires_at: datetime
    keys: tuple[PublicKey, ...]
    others: tuple[OtherEvent, ...]
    gates: dict[str, PackGate]
    zones: dict[str, PackZone]
    windows: dict[str, Window]
    hints: dict[str, dict[str, GateHint]]
    passes: int
    bitmaps: Bitmaps
    generations: tuple[tuple[int, int], ...]
    directory: Directory
    roster: list[RosterEntry]
    identity: PackIdentity | None = None


class SignedPack(Struct, frozen=True):
    """A pack in transport: the bytes of its JSON in base64, signed by the event's key."""

    body: str
    kid: str
    signature: str


def bitmap(numbers: Iterable[int], count: int) -> str:
    """Return the numbers below `count` as a bitmap in base64."""
    bits = np.zeros(count, np.bool_)
    wanted = np.fromiter(numbers, np.int64)
    bits[wanted[wanted < count]] = True
    return b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def pack_gates(venue: Venue, codes: Iterable[str], state: VenueState) -> dict[str, PackGate]:
    """Return gates in the form of the pack."""
    found = {}
    for code in sorted(codes):
        gate, here = venue.gate_by_code[code], state.gates.get(code, DEFAULT_GATE_STATE)
        found[code] = PackGate(
            groups=(gate.group, *here.extra_groups),
            zone=gate.stand,
            turnstile=here.turnstile,
            closed=state.closed or here.closed,
        )
    return found


def pack_zones(venue: Venue, state: VenueState) -> dict[str, PackZone]:
    """Return all zones in the form of the pack."""
    return {zone: PackZone(zone in state.full) for zone in venue.zones}
