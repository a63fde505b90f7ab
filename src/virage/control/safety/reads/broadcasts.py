"""Messages as phones, screens, programs and controllers read them, and the topic that sends them at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.control.safety.rules.broadcasts import (
    FACTS,
    ROLES_OF,
    Broadcast,
    BroadcastCategory,
    BroadcastKind,
    BroadcastMode,
    BroadcastSeverity,
    BroadcastText,
    BroadcastUrgency,
    ResponseType,
    SentBroadcast,
    StaffGroup,
    places_of,
    places_reached,
)
from virage.control.safety.rules.cap import CapMessage
from virage.control.safety.store import broadcasts as store
from virage.identity.people import api as people
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Entry
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.clock import Clock
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, holds, holds_at_post
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import Venue

BROADCASTS_MAX: Final = 200
FEED_MAX: Final = 50
NOT_FOUND: Final = "not_found"
STAFF: Final = "staff/"
"""Precedes a group of the staff in the argument of the topic."""


_FACTS: Final = frozenset(FACTS.values())


class BroadcastView(Struct, frozen=True, kw_only=True):
    """A message as phones show it: the latest of its thread. `mode` is not `actual` for the staff only."""

    id: UUID
    thread: UUID
    kind: BroadcastKind
    mode: BroadcastMode
    category: BroadcastCategory
    severity: BroadcastSeverity
    urgency: BroadcastUrgency
    response: ResponseType
    texts: dict[str, BroadcastText]
    sent_at: datetime
    expires_at: datetime


class BroadcastUpdate(Struct, frozen=True):
    """A message of the topic: all valid messages for this place, the oldest first. It replaces the one before."""

    broadcasts: list[BroadcastView]


class ScreenText(Struct, frozen=True, kw_only=True):
    """What big screens show and speakers read out in these zones (empty: everywhere), by language."""

    id: UUID
    severity: BroadcastSeverity
    zones: list[str]
    screens: dict[str, str]
    speech: dict[str, str]
    sent_at: datetime
    expires_at: datetime


class SentView(Struct, frozen=True, kw_only=True):
    """A message for the control room. `texts` is None after the retention period.

    `receipts` counts the accounts that confirmed it, by block or standing area; "" are phones without a ticket.
    """

    id: UUID
    thread: UUID
    kind: BroadcastKind
    mode: BroadcastMode
    category: BroadcastCategory
    severity: BroadcastSeverity
    urgency: BroadcastUrgency
    response: ResponseType
    audience: str
    targets: list[str]
    texts: dict[str, BroadcastText] | None
    sent_at: datetime
    expires_at: datetime
    sent_by_name: str | None
    replaced_by: UUID | None
    receipts: dict[str, int]


async def sent(conn: Connection, event_id: UUID) -> list[SentView]:
    """Return the messages of an event, at most 200, the latest first."""
    found = await store.broadcasts_of(conn, event_id, BROADCASTS_MAX)
    names = await people.names_by_id(conn, sorted({one.broadcast.sent_by for one in found}))
    receipts = await store.receipts_of(conn, event_id)
    return [
        SentView(
            id=one.broadcast.id,
            thread=one.broadcast.thread,
            kind=one.broadcast.kind,
            mode=one.broadcast.mode,
            category=one.broadcast.category,
            severity=one.broadcast.severity,
            urgency=one.broadcast.urgency,
            response=one.broadcast.response,
            audience=one.broadcast.audience,
            targets=one.broadcast.targets,
            texts=one.texts,
            sent_at=one.broadcast.sent_at,
            expires_at=one.broadcast.expires_at,
            sent_by_name=names.get(one.broadcast.sent_by),
            replaced_by=one.broadcast.replaced_by,
            receipts=receipts.get(one.broadcast.id, {}),
        )
        for one in found
    ]


async def event_and_venue(conn: Connection, event_id: UUID) -> tuple[Event, Venue] | None:
    """Return a public event and its venue; None for any other one."""
    event = (await programme.public_events_of(conn, [event_id])).get(event_id)
    return None if event is None else (event, await venues.venue_at(conn, event.venue_version))


async def venue_of(conn: Connection, broadcast_id: UUID) -> Venue | None:
    """Return the venue of a message's event; None if the event is not public."""
    found = await store.broadcast(conn, broadcast_id)
    known = None if found is None else await event_and_venue(conn, found.event_id)
    return None if known is None else known[1]


async def broadcast(conn: Connection, broadcast_id: UUID) -> Broadcast | None:
    """Return one message."""
    return await store.broadcast(conn, broadcast_id)


async def for_place(
    conn: Connection, event: Event, venue: Venue, place: str | None, now: datetime
) -> list[BroadcastView]:
    """Return the valid messages for the fans of a block or standing area, the oldest first; None: without a ticket."""
    found = (await store.valid_broadcasts(conn, [event.id], now))[event.id]
    return _update(found, venue, place or "").broadcasts


async def on_screens(conn: Connection, event: Event, now: datetime) -> list[ScreenText]:
    """Return what screens show and speakers read out now, the oldest first."""
    found = (await store.valid_broadcasts(conn, [event.id], now))[event.id]
    return [
        ScreenText(
            id=one.broadcast.id,
            severity=one.broadcast.severity,
            zones=one.broadcast.targets,
            screens={language: text.screen or text.headline for language, text in (one.texts or {}).items()},
            speech={
                language: text.speech or f"{text.headline}. {text.text}" for language, text in (one.texts or {}).items()
            },
            sent_at=one.broadcast.sent_at,
            expires_at=one.broadcast.expires_at,
        )
        for one in found
        if one.broadcast.is_public
    ]


async def for_staff(
    conn: Connection, event: Event, venue: Venue, principal: Principal, now: datetime
) -> list[BroadcastView]:
    """Return the valid messages for the groups of the staff to which a member belongs, the oldest first."""
    groups = {group for group in StaffGroup if is_of_group(event, venue, principal, group)}
    found = (await store.valid_broadcasts(conn, [event.id], now))[event.id]
    return [_view(one) for one in found if one.broadcast.audience == "staff" and groups & set(one.broadcast.targets)]


def is_of_group(event: Event, venue: Venue, principal: Principal, group: StaffGroup) -> bool:
    """Return whether a member of the staff has a role of a group for an event, or at a gate or outlet of its venue."""
    within: list[tuple[str, UUID | str]] = [("organiser", event.organiser_id), ("venue", event.venue_code)]
    return any(
        holds(principal, role, scope="event", scope_id=event.id, within=within)
        or holds_at_post(principal, role, prefix=venue.prefix)
        for role in ROLES_OF[group]
    )


def _view(one: SentBroadcast) -> BroadcastView:
    sent_one = one.broadcast
    return BroadcastView(
        id=sent_one.id,
        thread=sent_one.thread,
        kind=sent_one.kind,
        mode=sent_one.mode,
        category=sent_one.category,
        severity=sent_one.severity,
        urgency=sent_one.urgency,
        response=sent_one.response,
        texts=one.texts or {},
        sent_at=sent_one.sent_at,
        expires_at=sent_one.expires_at,
    )


async def cap_messages(conn: Connection, *, is_public: bool) -> list[CapMessage]:
    """Return the latest 50 messages of the public feed, or of the restricted one."""
    return await _cap(conn, await store.latest_broadcasts(conn, FEED_MAX, is_public=is_public))


async def cap_message(conn: Connection, found: Broadcast) -> CapMessage | None:
    """Return a message as its CAP document needs it; None once its texts are deleted."""
    thread = await store.broadcasts_of_threads(conn, [found.thread])
    named = await _cap(conn, [one for one in thread if one.broadcast.id == found.id and one.texts is not None])
    return named[0] if named else None


async def _cap(conn: Connection, found: Sequence[SentBroadcast]) -> list[CapMessage]:
    """Name what messages replace, and their area: the venue, and the zones in it."""
    threads = await store.broadcasts_of_threads(conn, {one.broadcast.thread for one in found})
    events = await programme.events(conn, sorted({one.broadcast.event_id for one in found}))
    named = {event.id: (await venues.venue_at(conn, event.venue_version)).name for event in events.values()}
    return [
        CapMessage(
            one.broadcast,
            one.texts or {},
            [
                earlier.broadcast
                for earlier in threads
                if earlier.broadcast.thread == one.broadcast.thread and earlier.broadcast.number < one.broadcast.number
            ],
            ", ".join([named[one.broadcast.event_id], *one.broadcast.targets]),
        )
        for one in found
    ]


async def may_read(conn: Connection, found: Broadcast, principal: Principal) -> bool:
    """Return whether a controller's role covers the event of a message."""
    return not isinstance(await programme.event_within(conn, found.event_id, principal, "controller"), Refused)


class BroadcastTopic:
    """`broadcast:<event_id>`, `broadcast:<event_id>/<block or standing area>` and `broadcast:<event_id>/staff/<group>`.

    Each message of the topic has all valid broadcasts, so a phone that was away misses none. It overtakes all others.
    """

    name = "broadcast"
    message = BroadcastUpdate

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Return the valid messages. Those to fans are public."""
        event_text, _, place = argument.partition("/")
        event_id = id_of(event_text)
        if event_id is None:
            return Refused(NOT_FOUND)
        now = self._clock.now()
        async with self._db.connection() as conn:
            found = await event_and_venue(conn, event_id)
            if found is None:
                return Refused(NOT_FOUND)
            event, venue = found
            valid = (await store.valid_broadcasts(conn, [event_id], now))[event_id]
        if place.startswith(STAFF):
            group = next((one for one in StaffGroup if place == STAFF + one), None)
            if group is None or not is_of_group(event, venue, opening.principal, group):
                return Refused(NOT_FOUND)
        elif place and place not in places_of(venue):
            return Refused(NOT_FOUND)
        return Opened(opening.at, [_update(valid, venue, place)])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:  # noqa: ARG002 - a Topic
        """Return nothing: `on_urgent` has sent it."""
        return {}

    async def on_urgent(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return the valid messages for each place that the new ones concern."""
        new: dict[UUID, set[int]] = {}
        for entry in entries:
            if entry.what in _FACTS:
                new.setdefault(UUID(entry.data["event"]), set()).add(entry.data["number"])
        messages: dict[str, Any] = {}
        if not new:
            return messages
        now = self._clock.now()
        async with self._db.connection() as conn:
            valid = await store.valid_broadcasts(conn, new, now)
            for event_id, numbers in new.items():
                found = await event_and_venue(conn, event_id)
                if found is not None:
                    messages |= _messages(event_id, found[1], valid[event_id], numbers)
        return messages


def _update(valid: Sequence[SentBroadcast], venue: Venue, place: str) -> BroadcastUpdate:
    """Return the message for the part of an argument after the event."""
    return BroadcastUpdate([_view(one) for one in valid if place in _places(one.broadcast, venue)])


def _places(broadcast: Broadcast, venue: Venue) -> frozenset[str]:
    """Return the parts of arguments after the event that a message concerns; empty: a phone without a ticket."""
    if broadcast.audience == "staff":
        return frozenset(STAFF + group for group in broadcast.targets)
    if not broadcast.is_public:
        return frozenset()
    return places_reached(broadcast, venue) | ({""} if broadcast.audience == "all_fans" else frozenset())


def _messages(
    event_id: UUID, venue: Venue, valid: Sequence[SentBroadcast], numbers: set[int]
) -> dict[str, BroadcastUpdate]:
    """Return the messages for the places that new broadcasts concern, by argument."""
    new = [_places(one.broadcast, venue) for one in valid if one.broadcast.number in numbers]
    return {
        f"{event_id}/{place}" if place else str(event_id): _update(valid, venue, place)
        for place in frozenset[str]().union(*new)
    }
