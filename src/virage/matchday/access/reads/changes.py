"""Changes of an event since a device's version: read from the journal once per process, cached for all devices.

A device that is behind the cache reloads its pack.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from virage.matchday.access.rules.pack import PackGate, PackZone, pack_gates, pack_zones
from virage.matchday.access.store import venue_state as store
from virage.platform.data import journal
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import PAGE, Entry, Key, position_key
from virage.site.venue.types import Venue

KEPT_MAX: Final = 20_000
PAGES_BACK_MAX: Final = 5
GROUND_FACTS: Final = frozenset({"gate_changed", "zone_changed", "ground_changed", "window_changed"})
PASS_FACTS: Final = frozenset(
    {"pass_revoked", "pass_reinstated", "pass_bound", "pass_rebound", "pass_printed", "pass_reissued"}
)
FLAG_FACTS: Final = frozenset({"pass_flagged", "pass_unflagged"})
RELOAD_FACTS: Final = frozenset(
    {"window_changed", "scans_withdrawn", "event_version_changed", "pass_reinstated", "identity_rule_set"}
)
"""Facts that only a new pack carries: windows, passes that withdrawn scans had brought in, another venue version,
passes that are no longer revoked, and another identity rule."""
KINDS: Final = GROUND_FACTS | PASS_FACTS | FLAG_FACTS | RELOAD_FACTS | {"passes_crossed"}

Seen = tuple[int, str, datetime]


class PackChanges(Struct, frozen=True):
    """Changes since `version` of the heartbeat; with `reload` the device fetches the pack instead.

    `absent` are passes whose entry was taken back, with the time: they are as if they had not entered.
    """

    version: str
    reload: bool = False
    revoked: list[int] = field(default_factory=list)
    flagged: list[int] = field(default_factory=list)
    unflagged: list[int] = field(default_factory=list)
    inside: list[Seen] = field(default_factory=list)
    outside: list[Seen] = field(default_factory=list)
    absent: list[tuple[int, datetime]] = field(default_factory=list)
    generations: list[tuple[int, int]] = field(default_factory=list)
    gates: dict[str, PackGate] = {}
    zones: dict[str, PackZone] = {}


class GateChanges:
    """The part of the journal that a process has read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._one_at_a_time = asyncio.Lock()
        self._since: Key | None = None
        self._until = Key(0, 0)
        self._keys: list[Key] = []
        self._entries: list[Entry] = []

    async def since(self, event_id: UUID, version: str | None, venue: Venue, codes: Collection[str]) -> PackChanges:
        """Return the changes of an event since a version of its pack, for a device at some gates of its venue."""
        try:
            asked = None if version is None else position_key(version)
        except ValueError:
            asked = None
        async with self._one_at_a_time, self._db.connection() as conn:
            await self._catch_up(conn, asked)
        until, since = str(self._until), self._since
        if asked is None or since is None or asked < since:
            return PackChanges(until, reload=True)
        news = [entry for entry in self._entries[bisect_right(self._keys, asked) :] if event_of(entry) == event_id]
        changes = changes_of(journal.as_written(news), max(until, version or "", key=position_key))
        if any(entry.what in RELOAD_FACTS for entry in news):
            return PackChanges(changes.version, reload=True)
        if not any(entry.what in GROUND_FACTS for entry in news):
            return changes
        async with self._db.connection() as conn:
            state = (await store.venue_states(conn, [event_id]))[event_id]
        return PackChanges(
            **{
                name: getattr(changes, name) for name in PackChanges.__struct_fields__ if name not in ("gates", "zones")
            },
            gates=pack_gates(venue, codes, state),
            zones=pack_zones(venue, state),
        )

    async def _catch_up(self, conn: Connection, asked: Key | None) -> None:
        """Read to the end of the journal; the first time from the first device's version, if that is near."""
        if self._since is None:
            head = position_key(await journal.head(conn))
            self._since = self._until = head if asked is None or asked > head else asked
        for page in range(PAGES_BACK_MAX + 1):
            entries = await journal.read_after(conn, str(self._until))
            if entries:
                self._keep(entries)
            if len(entries) < PAGE:
                return
            if page == PAGES_BACK_MAX:  # too much to read during a request
                self._since = self._until = position_key(await journal.head(conn))
                self._keys, self._entries = [], []

    def _keep(self, entries: Sequence[Entry]) -> None:
        news = [entry for entry in entries if entry.what in KINDS]
        self._entries += news
        self._keys += [position_key(entry.position) for entry in news]
        self._until = position_key(entries[-1].position)
        if len(self._entries) > KEPT_MAX:
            cut = len(self._entries) - KEPT_MAX // 2
            self._since = self._keys[cut - 1]
            self._keys, self._entries = self._keys[cut:], self._entries[cut:]


def event_of(entry: Entry) -> UUID | None:
    """Return the event of a journal entry."""
    if entry.what in PASS_FACTS:
        event_id = entry.data.get("event_id")
        return None if event_id is None else UUID(event_id)
    return entry.about


def changes_of(entries: Sequence[Entry], version: str) -> PackChanges:
    """Return the fold of entries in the order of their writing; the last entry of a pass counts."""
    revoked: set[int] = set()
    flags: dict[int, bool] = {}
    generations: dict[int, int] = {}
    where: dict[int, tuple[bool, str, datetime]] = {}
    absent: dict[int, datetime] = {}
    for entry in entries:
        data = entry.data
        if entry.what == "pass_revoked":
            revoked.add(data["number"])
        elif entry.what in PASS_FACTS and data.get("generation"):
            generations[data["number"]] = data["generation"]
        elif entry.what in FLAG_FACTS:
            flags |= dict.fromkeys(data["numbers"], entry.what == "pass_flagged")
        elif entry.what == "passes_crossed":
            columns = (data["numbers"], data["inside"], data["gates"], data["since"])
            for number, inside, gate, since in zip(*columns, strict=True):
                where[number] = (inside, gate, datetime.fromtimestamp(since, UTC))
                if inside or gate:
                    absent.pop(number, None)
                else:
                    absent[number] = entry.at
    return PackChanges(
        version,
        revoked=sorted(revoked),
        flagged=sorted(number for number, on in flags.items() if on),
        unflagged=sorted(number for number, on in flags.items() if not on),
        inside=[(number, gate, since) for number, (inside, gate, since) in where.items() if inside],
        outside=[(number, gate, since) for number, (inside, gate, since) in where.items() if not inside and gate],
        absent=list(absent.items()),
        generations=sorted(generations.items()),
    )
