"""Process the scans of many devices in one transaction, each scan once and in order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.identity.people.types import HeldDevice
from virage.matchday.access.acts.identity import names_on_tickets
from virage.matchday.access.rules.active import accepts, is_active
from virage.matchday.access.rules.crossings import Crossing, Duplicate
from virage.matchday.access.rules.decision import EntryTerms
from virage.matchday.access.rules.evaluation import (
    DeviceContext,
    Evaluation,
    EventContext,
    IssuedPass,
    PassKey,
    PassRecord,
    StoredPresence,
    evaluate,
)
from virage.matchday.access.rules.identity import in_force, is_selected
from virage.matchday.access.rules.overrides import supervises_gate
from virage.matchday.access.rules.scans import ScanAnswer, VerifiedScan
from virage.matchday.access.rules.venue_state import zone_of
from virage.matchday.access.store import identity as identity_store
from virage.matchday.access.store import scans as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.matchday.access.store.scans import PresenceChange, ScanKey
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue

UNKNOWN_EVENT = "unknown_event"
EVENT_NOT_ON = "event_not_on"
DEVICE_REVOKED = "device_revoked"
NOT_YOUR_GATE = "not_your_gate"
GATES_NOT_SUPERVISED = "gates_not_supervised"


class Batch(Struct):
    """New scans of a batch in order, and the records that they are evaluated with."""

    scans: dict[ScanKey, VerifiedScan]
    contexts: dict[UUID, EventContext]
    records: dict[PassKey, PassRecord]
    devices: dict[tuple[UUID, UUID], DeviceContext] = {}
    """By device and event."""


async def process_scans(conn: Connection, verified_scans: Sequence[VerifiedScan], now: datetime) -> list[ScanAnswer]:
    """Process scans and return one answer per scan; a repeated scan gets its first answer again."""
    keys = [(verified.device_id, verified.scan.number) for verified in verified_scans]
    answers = await store.known_scans(conn, keys)
    new = {key: verified for key, verified in zip(keys, verified_scans, strict=True) if key not in answers}
    if new:
        answers |= await _process_new(conn, new, now)
    return await _with_names(conn, verified_scans, [answers[key] for key in keys])


async def _with_names(
    conn: Connection, verified_scans: Sequence[VerifiedScan], answers: Sequence[ScanAnswer]
) -> list[ScanAnswer]:
    """Add the names that stewards compare with documents. They are read for each answer and never stored with it."""
    asked = {
        _pass_of(verified)
        for verified, answer in zip(verified_scans, answers, strict=True)
        if answer.identity_check and answer.outcome == "admitted"
    }
    if not asked:
        return list(answers)
    names = await names_on_tickets(conn, _in_order(asked))
    return [
        replace(answer, holder_name=names.get(key)) if key is not None and key in asked else answer
        for key, answer in zip(map(_pass_of, verified_scans), answers, strict=True)
    ]


async def expire_pending(conn: Connection, now: datetime, limit: int) -> int:
    """End admissions whose time to pass is over, and return how many there were."""
    overdue_admissions = await store.overdue_admissions(conn, now, limit)
    if overdue_admissions:
        events = await programme.events(conn, sorted({event_id for event_id, _ in overdue_admissions}))
        batch = Batch(
            {},
            await _contexts(conn, events),
            await _load(conn, overdue_admissions, await store.presence_of(conn, overdue_admissions), now),
        )
        await _write_passes(conn, batch, now)
    return len(overdue_admissions)


async def withdraw_scans(
    conn: Connection, actor: Principal, device_id: UUID, since: datetime, now: datetime
) -> Refused | None:
    """Withdraw uploads of a revoked device since a time, for active events, and recompute their passes.

    The actor must supervise every gate of these scans. The caller revokes the device in the same transaction, so that
    no upload of the device is in progress or follows.
    """
    gates_of = await store.gates_of_scans(conn, device_id, since)
    found = await programme.events(conn, sorted(gates_of))
    on = {event_id: event for event_id, event in found.items() if is_active(event, now)}
    contexts = await _contexts(conn, on)
    uncovered = {
        gate
        for event_id, event in on.items()
        for gate in gates_of[event_id]
        if not supervises_gate(actor, gate, contexts[event_id].venue, event)
    }
    if uncovered:
        return Refused(GATES_NOT_SUPERVISED, {"gates": sorted(uncovered)})
    events = sorted(on)
    keys = await store.passes_of_scans(conn, device_id, since, events)
    stored = await store.lock_presence(conn, keys) if keys else {}
    await store.withdraw(conn, device_id, since, events, now=now, who=actor.id)
    await _write_passes(conn, Batch({}, contexts, await _load(conn, keys, stored, now)), now, again=keys)
    data = {"device_id": device_id, "since": int(since.timestamp())}
    facts = [
        Fact(
            "scans_withdrawn",
            actor.id,
            event_id,
            data | {"numbers": [number for id_, number in keys if id_ == event_id]},
        )
        for event_id in events
    ]
    await append(conn, facts or [Fact("scans_withdrawn", actor.id, device_id, data)], now)
    return None


async def _process_new(conn: Connection, new: dict[ScanKey, VerifiedScan], now: datetime) -> dict[ScanKey, ScanAnswer]:
    devices = await people.hold_devices(conn, sorted({device_id for device_id, _ in new}))
    paired = {device.id: device.paired_at for device in devices.values() if device.revoked_at is None}
    settings = await _settings(conn, {verified.scan.event_id for verified in new.values()})
    accepted, refused = dict[ScanKey, VerifiedScan](), dict[ScanKey, str]()
    for key, verified in new.items():
        context = settings.get(verified.scan.event_id)
        if verified.device_id not in paired:
            refused[key] = DEVICE_REVOKED
        elif context is None:
            refused[key] = UNKNOWN_EVENT
        elif not _is_at_gate(verified, devices[verified.device_id], context.venue, now):
            refused[key] = NOT_YOUR_GATE
        elif not accepts(context.event, verified.scan, now):
            refused[key] = EVENT_NOT_ON
        else:
            accepted[key] = verified
    devices_of_scans = await _senders(conn, accepted.values(), paired)
    counted = {_pass_of(verified) for verified in accepted.values() if not verified.scan.training} - {None}
    rehearsed = {_pass_of(verified) for verified in accepted.values()} - counted - {None}
    locked, seen = _in_order(counted), _in_order(rehearsed)
    stored = await store.lock_presence(conn, locked) if locked else {}
    record = await _load(conn, locked, stored, now)
    if seen:
        record |= await _load(conn, seen, await store.presence_of(conn, seen), now)
    await _select_for_checks(conn, settings, record)
    batch = Batch(accepted, settings, record, devices_of_scans)
    evaluations = {key: _evaluate(batch, verified, now) for key, verified in accepted.items()}
    await store.insert_scans(conn, [(accepted[key], evaluation) for key, evaluation in evaluations.items()], now)
    for key in seen:
        del batch.records[key]
    await _write_passes(conn, batch, now)
    await _write_hits(conn, [(accepted[key], evaluation) for key, evaluation in evaluations.items()], now)
    answers = {key: evaluation.answer for key, evaluation in evaluations.items()}
    return answers | {key: ScanAnswer(key[1], "refused", reason) for key, reason in refused.items()}


def _is_at_gate(verified: VerifiedScan, device: HeldDevice, venue: Venue, now: datetime) -> bool:
    """Return whether a gate is one of the venue where the device works or, for an upload, worked until lately."""
    gate = venue.gate_by_code.get(verified.scan.gate)
    if gate is None:
        return False
    return not verified.at_left_gate or not {gate.code, venue.prefix + gate.group}.isdisjoint(device.left_posts(now))


async def _senders(
    conn: Connection, verified_scans: Collection[VerifiedScan], paired: Mapping[UUID, datetime]
) -> dict[tuple[UUID, UUID], DeviceContext]:
    """Return the devices of a batch by device and event. Grants and counts are read for overrides only."""
    devices_of_scans = {
        (verified.device_id, verified.scan.event_id): DeviceContext(paired[verified.device_id])
        for verified in verified_scans
    }
    overrides = [verified for verified in verified_scans if verified.scan.override is not None]
    if overrides:
        named = {verified.scan.person_id for verified in overrides} - {None}
        grants = await people.grants_of(conn, [person_id for person_id in named if person_id is not None])
        keys = sorted({(verified.device_id, verified.scan.event_id) for verified in overrides})
        counted = await store.count_overrides(conn, keys)
        for key in keys:
            devices_of_scans[key] = DeviceContext(paired[key[0]], counted.get(key, 0), grants)
    return devices_of_scans


def _evaluate(batch: Batch, verified: VerifiedScan, now: datetime) -> Evaluation:
    key = _pass_of(verified)
    event_id = verified.scan.event_id
    record = None if key is None else batch.records[key]
    return evaluate(verified, batch.contexts[event_id], record, batch.devices[verified.device_id, event_id], now)


async def _settings(conn: Connection, event_ids: Iterable[UUID]) -> dict[UUID, EventContext]:
    """Return the published events with their rules, their venues and the state of these."""
    events = await programme.events(conn, sorted(event_ids))
    return await _contexts(conn, {id_: event for id_, event in events.items() if event.state == "published"})


async def _contexts(conn: Connection, events: Mapping[UUID, Event]) -> dict[UUID, EventContext]:
    states = await venue_state_store.venue_states(conn, sorted(events))
    identity = await identity_store.identity_rules(conn, sorted(events))
    return {
        event_id: EventContext(
            await venue_at(conn, event.venue_version),
            states[event_id],
            EntryTerms(event.rules.reentry, event.rules.paper_accepted, event.rules.paper_identity_check),
            event,
            in_force(identity.get(event_id), event),
        )
        for event_id, event in events.items()
    }


async def _load(
    conn: Connection, keys: Sequence[PassKey], stored: dict[PassKey, StoredPresence], now: datetime
) -> dict[PassKey, PassRecord]:
    """Return what is known of passes; `stored` are their rows of presence."""
    if not keys:
        return {}
    issued = await passes.at_gate(conn, keys)
    flags = await store.flags_of(conn, keys, now)
    came = [key for key, row in stored.items() if row.steps]
    crossings = await store.crossings_of(conn, came) if came else {}
    record = {}
    for key in keys:
        row, found = stored.get(key, StoredPresence()), issued.get(key)
        record[key] = PassRecord(
            stored=row,
            issued=None
            if found is None
            else IssuedPass(found.place, found.gate_group, found.generation, found.revoked),
            bans=tuple(flags.get(key, ())),
            crossings=crossings.get(key, []),
            generation=row.generation,
            stale=row.stale,
            presence=row.presence,
        )
    return record


async def _select_for_checks(
    conn: Connection, contexts: Mapping[UUID, EventContext], records: Mapping[PassKey, PassRecord]
) -> None:
    """Mark the passes whose documents the identity rules have checked, and those without a name."""
    rules = {event_id: context.identity for event_id, context in contexts.items() if context.identity is not None}
    names = await names_on_tickets(conn, [key for key in records if key[0] in rules])
    for key, name in names.items():
        records[key].unnamed = name is None
        rule = rules[key[0]]
        records[key].identity_check = name is not None and is_selected(rule.secret, key[1], rule.share_percent)


async def _write_passes(conn: Connection, batch: Batch, now: datetime, again: Sequence[PassKey] = ()) -> None:
    """Write crossings, presence, duplicates and facts of the passes of a batch.

    `again` are passes whose duplicates may have changed although no crossing was added.
    """
    changes: list[PresenceChange] = []
    duplicates: list[tuple[PassKey, Duplicate]] = []
    added: list[tuple[PassKey, Crossing]] = []
    for key, record in batch.records.items():
        result = record.fold(now, batch.contexts[key[0]].state.windows)
        steps = len(record.crossings)
        changed = StoredPresence(result.presence, record.generation, result.entries, steps, record.stale, result.people)
        added += [(key, step) for step in record.added]
        duplicates += [(key, duplicate) for duplicate in result.duplicates]
        if changed != record.stored:
            place = None if record.issued is None else record.issued.place
            gate = result.people_gate if result.presence is None else result.presence.gate
            zone = None if gate is None else zone_of(batch.contexts[key[0]].venue, gate, place)
            changes.append(PresenceChange(key, changed, zone))
    await store.insert_crossings(conn, added)
    await store.write_presence(conn, changes)
    touched = _in_order({*again, *(key for key, _ in added if len(batch.records[key].crossings) > 1)})
    await store.write_duplicates(conn, touched, duplicates, now)
    await _append_facts(conn, batch, changes, now)


async def _append_facts(conn: Connection, batch: Batch, changes: Sequence[PresenceChange], now: datetime) -> None:
    """Append one fact per event and batch: passes now inside or outside, since when, and by which gate."""
    facts = []
    for event_id in sorted({change.key[0] for change in changes}):
        of_event = [change for change in changes if change.key[0] == event_id]
        entries_before = {change.key: batch.records[change.key].stored.entries for change in of_event}
        first = [change.key[1] for change in of_event if change.stored.entries and not entries_before[change.key]]
        if first:
            await passes.mark_entered(conn, event_id, sorted(first), now)
        withdrawn = [change.key[1] for change in of_event if entries_before[change.key] and not change.stored.entries]
        if withdrawn:
            await passes.clear_entered(conn, event_id, sorted(withdrawn))
        moved = [change for change in of_event if _place(change.stored) != _place(batch.records[change.key].stored)]
        if moved:
            facts.append(Fact("passes_crossed", None, event_id, _moves(moved)))
    await append(conn, facts, now)


def _moves(moved: Sequence[PresenceChange]) -> dict[str, list[int] | list[str] | list[bool]]:
    """Return the data of a fact as columns, one item per pass; `since` in Unix seconds."""
    presences = [change.stored.presence for change in moved]
    return {
        "numbers": [change.key[1] for change in moved],
        "inside": [presence is not None and presence.state == "inside" for presence in presences],
        "gates": ["" if presence is None else presence.gate for presence in presences],
        "since": [0 if presence is None else int(presence.since.timestamp()) for presence in presences],
        "generations": [change.stored.generation for change in moved],
    }


def _place(stored: StoredPresence) -> tuple[str, datetime] | None:
    """Return the published presence of a pass; pending admissions are not published."""
    where = stored.presence
    return None if where is None or where.state == "pending" else (where.state, where.since)


async def _write_hits(conn: Connection, evaluations: Sequence[tuple[VerifiedScan, Evaluation]], now: datetime) -> None:
    hits = [
        (ban_id, verified, verified.pass_number)
        for verified, evaluation in evaluations
        for ban_id in evaluation.bans
        if verified.pass_number is not None and not verified.scan.training
    ]
    await store.insert_hits(conn, hits)
    facts = [
        Fact("ban_met", None, ban_id, {"event_id": verified.scan.event_id, "number": number})
        for ban_id, verified, number in hits
    ]
    await append(conn, facts, now)


def _pass_of(verified: VerifiedScan) -> PassKey | None:
    return None if verified.pass_number is None else (verified.scan.event_id, verified.pass_number)


def _in_order(keys: Iterable[PassKey | None]) -> list[PassKey]:
    return sorted(key for key in keys if key is not None)
