"""Packs for devices. What all packs of an event share is read once in a few seconds."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import issuer_keys
from virage.identity.keys.types import IssuerKey
from virage.identity.passes import api as passes_api
from virage.identity.people import api as people
from virage.identity.people.types import GATE
from virage.matchday.access.reads.keyring import events_around
from virage.matchday.access.rules.active import is_active
from virage.matchday.access.rules.decision import EntryTerms
from virage.matchday.access.rules.hints import hints
from virage.matchday.access.rules.identity import IdentityRule, in_force, is_selected
from virage.matchday.access.rules.pack import (
    DIRECTORY_GROUPS_MAX,
    LIVES,
    Bitmaps,
    Directory,
    OtherEvent,
    Pack,
    PackEvent,
    PackIdentity,
    PublicKey,
    bitmap,
    pack_gates,
    pack_zones,
)
from virage.matchday.access.rules.venue_state import VenueState, gates_of, groups_at
from virage.matchday.access.store import identity as identity_store
from virage.matchday.access.store import packs as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data import journal
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Principal
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue

KEPT_S: Final = 3.0
DIRECTORIES_MAX: Final = 200


class Shared(Struct, frozen=True):
    """What all packs of an event have in common."""

    event: Event
    venue: Venue
    version: str
    keys: tuple[PublicKey, ...]
    others: tuple[OtherEvent, ...]
    state: VenueState
    passes: int
    bitmaps: Bitmaps
    generations: tuple[tuple[int, int], ...]
    identity: IdentityRule | None


class OfGroups(Struct, frozen=True):
    """What packs of the same gate groups have in common."""

    directory: Directory = Directory()
    identity: PackIdentity | None = None


class Packs:
    """The packs of one process."""

    def __init__(self, db: Database, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._db = db
        self._clock = clock
        self._kept_s = kept_s
        self._one_at_a_time = asyncio.Lock()
        self._shared: dict[UUID, tuple[float, Shared | None]] = {}
        self._of_groups: dict[tuple[UUID, tuple[str, ...]], tuple[float, OfGroups]] = {}

    async def of(self, event_id: UUID, device: Principal, since: str | None = None) -> Pack | None:
        """The pack of a device; None for an event that is not on, or at a venue where the device has no gate.

        It knows all that the device heard until `since`, a version that a heartbeat was answered with.
        """
        async with self._one_at_a_time:
            shared = await self._shared_of(event_id, since)
            mine = [] if shared is None else sorted(gates_of(device, shared.venue))
            if shared is None or not mine:
                return None
            groups = groups_at(shared.venue, mine, shared.state)
            of_groups = await self._shared_by(shared, tuple(sorted(groups)))
        async with self._db.connection() as conn:
            roster = await people.roster(conn, GATE, mine, event_id)
        event = shared.event
        rules = event.rules
        return Pack(
            event=PackEvent(
                event.id,
                shared.venue.code,
                event.venue_version,
                event.title,
                event.doors_at,
                event.starts_at,
                event.ends_at,
                EntryTerms(rules.reentry, rules.paper_accepted, rules.paper_identity_check),
            ),
            version=shared.version,
            expires_at=self._clock.now() + LIVES,
            keys=shared.keys,
            others=shared.others,
            gates=pack_gates(shared.venue, mine, shared.state),
            zones=pack_zones(shared.venue, shared.state),
            windows=dict(shared.state.windows),
            hints={code: hints(shared.venue, code) for code in mine},
            passes=shared.passes,
            bitmaps=shared.bitmaps,
            generations=shared.generations,
            directory=of_groups.directory,
            roster=roster,
            identity=of_groups.identity,
        )

    async def _shared_of(self, event_id: UUID, since: str | None) -> Shared | None:
        kept = self._shared.get(event_id)
        if kept is None or monotonic() >= kept[0] or _is_behind(kept[1], since):
            async with self._db.connection() as conn:
                found = await self._read(conn, event_id)
            if found is None:
                return None
            kept = self._shared[event_id] = (monotonic() + self._kept_s, found)
        return kept[1]

    async def _read(self, conn: Connection, event_id: UUID) -> Shared | None:
        version = await journal.head(conn)
        event = await programme.event(conn, event_id)
        if event is None or event.state != "published":
            return None
        now = self._clock.now()
        others = [other for other in await events_around(conn, now) if other.id != event_id]
        venue = await venue_at(conn, event.venue_version)
        venues = {other.id: await venue_at(conn, other.venue_version) for other in others}
        keys = await issuer_keys(conn, [event_id, *(other.id for other in others)])
        changed = await passes_api.changed(conn, event_id)
        where = await store.passes_by_state(conn, event_id)
        flagged = await store.flagged_passes(conn, event_id, now)
        count = changed.issued
        return Shared(
            event=event,
            venue=venue,
            version=version,
            keys=tuple(_public(key) for id_, key in keys.items() if id_ == event_id),
            others=tuple(
                OtherEvent(
                    other.id,
                    other.title,
                    other.starts_at,
                    base64url(keys[other.id].kid),
                    None if venues[other.id].code == venue.code else venues[other.id].name,
                )
                for other in others
                if other.id in keys
            ),
            state=(await venue_state_store.venue_states(conn, [event_id]))[event_id],
            passes=count,
            bitmaps=Bitmaps(
                bitmap(changed.revoked, count),
                bitmap(flagged, count),
                bitmap(where.get("inside", ()), count),
                bitmap(where.get("outside", ()), count),
            ),
            generations=changed.generations,
            identity=in_force((await identity_store.identity_rules(conn, [event_id])).get(event_id), event),
        )

    async def _shared_by(self, shared: Shared, groups: tuple[str, ...]) -> OfGroups:
        """What devices of some gate groups have in common; no directory and no names where the groups are too many."""
        if len(groups) > DIRECTORY_GROUPS_MAX:
            return OfGroups(identity=_identity(shared))
        key = (shared.event.id, groups)
        kept = self._of_groups.get(key)
        if kept is None or monotonic() >= kept[0]:
            async with self._db.connection() as conn:
                found = await _read_of_groups(conn, shared, groups, self._clock.now())
            if len(self._of_groups) >= DIRECTORIES_MAX:
                self._of_groups.clear()
            kept = self._of_groups[key] = (monotonic() + self._kept_s, found)
        return kept[1]


def _is_behind(kept: Shared | None, since: str | None) -> bool:
    """Return whether a device has a newer version than the cache; an invalid `since` is ignored."""
    if kept is None or since is None:
        return False
    try:
        return journal.position_key(kept.version) < journal.position_key(since)
    except ValueError:
        return False


async def _read_of_groups(conn: Connection, shared: Shared, groups: Sequence[str], now: datetime) -> OfGroups:
    rows = await passes_api.of_groups(conn, shared.event.id, groups)
    codes = await ticketing.order_codes(conn, [subject for subject, _, _ in rows])
    orders: dict[str, list[int]] = {}
    for subject, number, _ in rows:
        if subject in codes:
            orders.setdefault(codes[subject], []).append(number)
    directory = Directory(tuple(sorted((place, number) for _, number, place in rows)), orders)
    rule = shared.identity
    if rule is None or not is_active(shared.event, now):
        return OfGroups(directory, _identity(shared))
    names = await ticketing.holder_names(conn, [subject for subject, _, _ in rows])
    numbered = {number: names[subject] for subject, number, _ in rows if subject in names}
    selected = (
        (number, name)
        for number, name in numbered.items()
        if name is not None and is_selected(rule.secret, number, rule.share_percent)
    )
    unnamed = [number for number, name in numbered.items() if name is None]
    return OfGroups(directory, _identity(shared, bitmap(unnamed, shared.passes), tuple(selected)))


def _identity(shared: Shared, unnamed: str = "", names: tuple[tuple[int, str], ...] = ()) -> PackIdentity | None:
    """Return the identity rule in the form of the pack, with names only while the event is active."""
    rule = shared.identity
    if rule is None:
        return None
    return PackIdentity(
        b64encode(rule.secret).decode(),
        rule.share_percent,
        shared.event.names_due_at,
        rule.unnamed == "desk",
        unnamed,
        names,
    )


def _public(key: IssuerKey) -> PublicKey:
    return PublicKey(base64url(key.kid), base64url(key.public))
