"""The event data of a gate device, as in web/src/features/access/gate/eventData.ts.

Stored in columns, because there are many devices.
"""

from array import array
from base64 import b64decode
from datetime import UTC, datetime

import msgspec

from virage.demo.venues.drawing import stadium
from virage.identity.keys.reads import PassKeys
from virage.identity.keys.rules.keys import IssuerKey, signed_by_issuer
from virage.identity.passes.rules.claims import Claims
from virage.matchday.access.reads.changes import PackChanges
from virage.matchday.access.rules.decision import GateContext, PassStatus, Presence
from virage.matchday.access.rules.pack import PACK_PURPOSE, Pack, SignedPack
from virage.matchday.access.rules.venue_state import zone_of
from virage.platform.values.jwk import bytes_of_base64url

INSIDE, OUTSIDE = 1, 2
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_packs = msgspec.json.Decoder(Pack)


def opened(sealed: SignedPack, keys: PassKeys) -> Pack | None:
    """The verified pack; None when none of the event's keys signed it, or it is of another event."""
    body = b64decode(sealed.body)
    issuers = {key.kid: IssuerKey(keys.event_id, *map(_bytes, (key.kid, key.x))) for key in keys.keys}
    issuer = issuers.get(sealed.kid)
    if issuer is None or not signed_by_issuer(issuer, _bytes(sealed.signature), PACK_PURPOSE + body):
        return None
    pack = _packs.decode(body)
    return pack if pack.event.id == keys.event_id else None


def _bytes(text: str) -> bytes:
    return bytes_of_base64url(text) or b""


class Ground:
    """The event data of a device: its pack, later changes, and its own scans."""

    def __init__(self, pack: Pack, keys: PassKeys) -> None:
        self.pack = pack
        self.version = pack.version
        self.keys = {_bytes(key.kid): IssuerKey(keys.event_id, _bytes(key.kid), _bytes(key.x)) for key in keys.keys}
        self._revoked, self._flagged = (set(_numbers(bits)) for bits in (pack.bitmaps.revoked, pack.bitmaps.flagged))
        self._generations = dict(pack.generations)
        self.gates, self.zones = dict(pack.gates), dict(pack.zones)
        # Presence, time and gate of each pass, in columns: a bowl is large and devices are many.
        self._where, self._since = bytearray(pack.passes), array("d", bytes(8 * pack.passes))
        self._gate: dict[int, str] = {}
        for state, bits in ((INSIDE, pack.bitmaps.inside), (OUTSIDE, pack.bitmaps.outside)):
            for number in _numbers(bits):
                self._where[number] = state
        self._own: dict[int, Presence] = {}

    def post(self, gate: str, claims: Claims | None) -> GateContext:
        """The gate as decisions use it."""
        state, zone = self.gates[gate], zone_of(stadium(), gate, None if claims is None else claims.place)
        full = self.zones[zone].full
        terms, windows = self.pack.event.terms, self.pack.windows
        return GateContext(gate, frozenset(state.groups), zone, terms, state.closed, full, windows)

    def known(self, number: int) -> PassStatus:
        """The status of a pass."""
        generation = self._generations.get(number, 0)
        return PassStatus(generation, number in self._revoked, number in self._flagged, self._presence(number))

    def _presence(self, number: int) -> Presence | None:
        if number in self._own:
            return self._own[number]
        if number >= len(self._where) or not self._where[number]:
            return None
        since = datetime.fromtimestamp(self._since[number], UTC) if self._since[number] else LONG_AGO
        return Presence("inside" if self._where[number] == INSIDE else "outside", since, self._gate.get(number, ""))

    def apply(self, changes: PackChanges) -> None:
        """Apply changes: the latest change of a pass wins, a generation only rises, and a
        revocation is final.
        """
        self.version = changes.version
        self._revoked |= set(changes.revoked)
        self._flagged = (self._flagged | set(changes.flagged)) - set(changes.unflagged)
        for state, words in ((INSIDE, changes.inside), (OUTSIDE, changes.outside)):
            for number, gate, at in words:
                self._heard(state, number, gate, at)
        for number, generation in changes.generations:
            self._generations[number] = max(generation, self._generations.get(number, 0))
        self.gates |= changes.gates
        self.zones |= changes.zones

    def _heard(self, state: int, number: int, gate: str, at: datetime) -> None:
        own, since = self._own.get(number), at.timestamp()
        if number >= len(self._where):
            more = number + 1 - len(self._where)
            self._where += bytes(more)
            self._since.frombytes(bytes(8 * more))
        if since < self._since[number] or (own is not None and at < own.since):
            return
        self._own.pop(number, None)
        self._where[number], self._since[number] = state, since
        if gate in self.gates:  # a pass that entered at one of this device's gates keeps the gate
            self._gate[number] = gate

    def saw(self, number: int, generation: int, presence: Presence) -> None:
        """Store what this device scanned; a later change that it received wins."""
        self._generations[number] = max(generation, self._generations.get(number, 0))
        known = self._presence(number)
        if known is None or presence.since >= known.since:
            self._own[number] = presence


def _numbers(bits: str) -> list[int]:
    return [8 * at + bit for at, byte in enumerate(b64decode(bits)) if byte for bit in range(8) if byte >> bit & 1]
