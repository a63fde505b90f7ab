"""Scans of many devices, taken in one transaction: each once, each on what the one before has left."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.matchday.access.rules.crossings import Crossing, Duplicate
from virage.matchday.access.rules.decision import Terms
from virage.matchday.access.rules.ground import GroundState, zone_of
from virage.matchday.access.rules.judging import Held, Issued, Judged, PassKey, Sender, Setting, Stored, judge
from virage.matchday.access.rules.on import is_on, takes
from virage.matchday.access.rules.overrides import leads
from virage.matchday.access.rules.scans import Answer, Read
from virage.matchday.access.store import ground as ground_store
from virage.matchday.access.store import scans as store
from virage.matchday.access.store.scans import Change, ScanKey
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal
from virage.site.programme import api as programme

UNKNOWN_EVENT = "unknown_event"
EVENT_NOT_ON = "event_not_on"
DEVICE_REVOKED = "device_revoked"
GATES_NOT_SUPERVISED = "gates_not_supervised"


class Batch(Struct):
    """The scans of a batch that are new, in their order, and what they are judged on."""

    reads: dict[ScanKey, Read]
    settings: dict[UUID, Setting]
    held: dict[PassKey, Held]
    senders: dict[tuple[UUID, UUID], Sender] = {}
    """By device and event."""


async def take_scans(conn: Connection, reads: Sequence[Read], now: datetime) -> list[Answer]:
    """Take scans, and answer each; one that is known gets its first answer again."""
    keys = [(read.device_id, read.scan.number) for read in reads]
    answers = await store.known_scans(conn, keys)
    new = {key: read for key, read in zip(keys, reads, strict=True) if key not in answers}
    if new:
        answers |= await _take_new(conn, new, now)
    return [answers[key] for key in keys]


async def end_pending(conn: Connection, now: datetime, limit: int) -> int:
    """Let those be outside again who were admitted and did not pass in time; how many there were."""
    overdue = await store.overdue(conn, now, limit)
    if overdue:
        ground = await ground_store.ground_of(conn, sorted({event_id for event_id, _ in overdue}))
        settings = {event_id: Setting(state, Terms()) for event_id, state in ground.items()}
        batch = Batch({}, settings, await _load(conn, overdue, await store.presence_of(conn, overdue), now))
        await _write_passes(conn, batch, now)
    return len(overdue)


async def withdraw_scans(
    conn: Connection, actor: Principal, device_id: UUID, since: datetime, now: datetime
) -> Refused | None:
    """Withdraw what a revoked device uploaded since a time for events that are on, and fold its passes again.

    The actor supervises every gate of these scans. The caller revoked the device in the same transaction: no upload of
    it is on its way any more, and none comes after.
    """
    gates_of = await store.gates_of_scans(conn, device_id, since)
    found = await programme.events(conn, sorted(gates_of))
    on = {event_id: event for event_id, event in found.items() if is_on(event, now)}
    uncovered = {gate for event_id, event in on.items() for gate in gates_of[event_id] if not leads(actor, gate, event)}
    if uncovered:
        return Refused(GATES_NOT_SUPERVISED, {"gates": sorted(uncovered)})
    events = sorted(on)
    keys = await store.passes_of_scans(conn, device_id, since, events)
    stored = await store.lock_presence(conn, keys) if keys else {}
    await store.withdraw(conn, device_id, since, events, now=now, who=actor.id)
    ground = await ground_store.ground_of(conn, events)
    settings = {event_id: Setting(state, Terms()) for event_id, state in ground.items()}
    await _write_passes(conn, Batch({}, settings, await _load(conn, keys, stored, now)), now, again=keys)
    said = {"device_id": device_id, "since": int(since.timestamp())}
    await append(conn, [Fact("scans_withdrawn", actor.id, about, said) for about in events or [device_id]], now)
    return None


async def _take_new(conn: Connection, new: dict[ScanKey, Read], now: datetime) -> dict[ScanKey, Answer]:
    devices = await people.hold_devices(conn, sorted({device_id for device_id, _ in new}))
    paired = {device.id: device.paired_at for device in devices.values() if device.revoked_at is None}
    settings = await _settings(conn, {read.scan.event_id for read in new.values()})
    there = {
        key: read
        for key, read in new.items()
        if read.device_id in paired
        and read.scan.event_id in settings
        and takes(settings[read.scan.event_id].event, read.scan, now)
    }
    senders = await _senders(conn, there.values(), paired)
    counted = {_pass_of(read) for read in there.values() if not read.scan.training} - {None}
    rehearsed = {_pass_of(read) for read in there.values()} - counted - {None}
    locked, seen = _in_order(counted), _in_order(rehearsed)
    stored = await store.lock_presence(conn, locked) if locked else {}
    held = await _load(conn, locked, stored, now)
    if seen:
        held |= await _load(conn, seen, await store.presence_of(conn, seen), now)
    batch = Batch(there, settings, held, senders)
    judged = {key: _judge(batch, read, now) for key, read in there.items()}
    await store.insert_scans(conn, [(there[key], one) for key, one in judged.items()], now)
    for key in seen:
        del batch.held[key]
    await _write_passes(conn, batch, now)
    await _write_hits(conn, [(there[key], one) for key, one in judged.items()], now)
    answers = {key: one.answer for key, one in judged.items()}
    return answers | {
        key: Answer(key[1], "refused", _not_taken(read, paired, settings))
        for key, read in new.items()
        if key not in there
    }


def _not_taken(read: Read, paired: Mapping[UUID, datetime], settings: Mapping[UUID, Setting]) -> str:
    if read.device_id not in paired:
        return DEVICE_REVOKED
    return EVENT_NOT_ON if read.scan.event_id in settings else UNKNOWN_EVENT


async def _senders(
    conn: Connection, reads: Collection[Read], paired: Mapping[UUID, datetime]
) -> dict[tuple[UUID, UUID], Sender]:
    """The devices of a batch, by device and event. Only overrides ask for grants and for how many came before."""
    senders = {(read.device_id, read.scan.event_id): Sender(paired[read.device_id]) for read in reads}
    overrides = [read for read in reads if read.scan.override is not None]
    if overrides:
        named = {read.scan.person_id for read in overrides} - {None}
        grants = await people.grants_of(conn, [person_id for person_id in named if person_id is not None])
        keys = sorted({(read.device_id, read.scan.event_id) for read in overrides})
        counted = await store.count_overrides(conn, keys)
        for key in keys:
            senders[key] = Sender(paired[key[0]], counted.get(key, 0), grants)
    return senders


def _judge(batch: Batch, read: Read, now: datetime) -> Judged:
    key = _pass_of(read)
    event_id = read.scan.event_id
    held = None if key is None else batch.held[key]
    return judge(read, batch.settings[event_id], held, batch.senders[read.device_id, event_id], now)


async def _settings(conn: Connection, event_ids: Iterable[UUID]) -> dict[UUID, Setting]:
    """The events that are published, with their house rules, and how the ground stands."""
    ids = sorted(event_ids)
    events = await programme.events(conn, ids)
    ground = await ground_store.ground_of(conn, ids)
    return {
        event_id: Setting(
            ground.get(event_id, GroundState()),
            Terms(event.rules.reentry, event.rules.paper_accepted, event.rules.paper_identity_check),
            event,
        )
        for event_id, event in events.items()
        if event.state == "published"
    }


async def _load(
    conn: Connection, keys: Sequence[PassKey], stored: dict[PassKey, Stored], now: datetime
) -> dict[PassKey, Held]:
    """What is known of passes, whose rows of presence are `stored`."""
    if not keys:
        return {}
    issued = await passes.at_gate(conn, keys)
    flags = await store.flags_of(conn, keys, now)
    came = [key for key, row in stored.items() if row.steps]
    crossings = await store.crossings_of(conn, came) if came else {}
    held = {}
    for key in keys:
        row, found = stored.get(key, Stored()), issued.get(key)
        held[key] = Held(
            stored=row,
            issued=None if found is None else Issued(found.place, found.gate_group, found.generation, found.revoked),
            bans=tuple(flags.get(key, ())),
            crossings=crossings.get(key, []),
            generation=row.generation,
            stale=row.stale,
            presence=row.presence,
        )
    return held


async def _write_passes(conn: Connection, batch: Batch, now: datetime, again: Sequence[PassKey] = ()) -> None:
    """Write what became of the passes: crossings, presence, duplicates, and the facts of it.

    `again` are passes whose duplicates may have changed though nothing was added.
    """
    changes: list[Change] = []
    duplicates: list[tuple[PassKey, Duplicate]] = []
    added: list[tuple[PassKey, Crossing]] = []
    for key, held in batch.held.items():
        course = held.fold(now, batch.settings[key[0]].state.windows)
        steps = len(held.crossings)
        after = Stored(course.presence, held.generation, course.entries, steps, held.stale, course.people)
        added += [(key, step) for step in held.added]
        duplicates += [(key, duplicate) for duplicate in course.duplicates]
        if after != held.stored:
            place = None if held.issued is None else held.issued.place
            gate = course.people_gate if course.presence is None else course.presence.gate
            zone = None if gate is None else zone_of(gate, place)
            changes.append(Change(key, after, zone))
    await store.insert_crossings(conn, added)
    await store.write_presence(conn, changes)
    touched = _in_order({*again, *(key for key, _ in added if len(batch.held[key].crossings) > 1)})
    await store.write_duplicates(conn, touched, duplicates, now)
    await _tell(conn, batch, changes, now)


async def _tell(conn: Connection, batch: Batch, changes: Sequence[Change], now: datetime) -> None:
    """One fact an event and batch: which passes are inside or outside now, since when, and by which gate."""
    facts = []
    for event_id in sorted({change.key[0] for change in changes}):
        mine = [change for change in changes if change.key[0] == event_id]
        first = [
            change.key[1] for change in mine if change.stored.entries and not batch.held[change.key].stored.entries
        ]
        if first:
            await passes.mark_entered(conn, event_id, sorted(first), now)
        none_left = [
            change.key[1] for change in mine if batch.held[change.key].stored.entries and not change.stored.entries
        ]
        if none_left:
            await passes.clear_entered(conn, event_id, sorted(none_left))
        moved = [change for change in mine if _place(change.stored) != _place(batch.held[change.key].stored)]
        if moved:
            facts.append(Fact("passes_crossed", None, event_id, _moves(moved)))
    await append(conn, facts, now)


def _moves(moved: Sequence[Change]) -> dict[str, list[int] | list[str] | list[bool]]:
    """Columns, one entry a pass; `since` in seconds of 1970."""
    where = [change.stored.presence for change in moved]
    return {
        "numbers": [change.key[1] for change in moved],
        "inside": [one is not None and one.state == "inside" for one in where],
        "gates": ["" if one is None else one.gate for one in where],
        "since": [0 if one is None else int(one.since.timestamp()) for one in where],
        "generations": [change.stored.generation for change in moved],
    }


def _place(stored: Stored) -> tuple[str, datetime] | None:
    """Where the bearer of a pass is, as other gates must know it: somebody who has not passed yet has not moved."""
    where = stored.presence
    return None if where is None or where.state == "pending" else (where.state, where.since)


async def _write_hits(conn: Connection, judged: Sequence[tuple[Read, Judged]], now: datetime) -> None:
    hits = [
        (ban_id, read, read.pass_number)
        for read, one in judged
        for ban_id in one.bans
        if read.pass_number is not None and not read.scan.training
    ]
    await store.insert_hits(conn, hits)
    facts = [
        Fact("ban_met", None, ban_id, {"event_id": read.scan.event_id, "number": number})
        for ban_id, read, number in hits
    ]
    await append(conn, facts, now)


def _pass_of(read: Read) -> PassKey | None:
    return None if read.pass_number is None else (read.scan.event_id, read.pass_number)


def _in_order(keys: Iterable[PassKey | None]) -> list[PassKey]:
    return sorted(key for key in keys if key is not None)
