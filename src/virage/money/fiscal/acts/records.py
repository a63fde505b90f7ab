"""Appending records to till chains and closing periods, in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.keys.api import ensure_keys
from virage.identity.keys.types import KeyVault
from virage.money.fiscal import store
from virage.money.fiscal.rules.calendar import by_zone, last_of_zone
from virage.money.fiscal.rules.chain import Appended, Head, Outcome, anchor, extend, link_of
from virage.money.fiscal.rules.closing import (
    CLOSING_PURPOSE,
    FISCAL_KEY,
    PART_OF,
    Closing,
    Period,
    PeriodKind,
    Range,
    Subject,
    Tally,
    add,
    close_day,
    close_longer,
    refuse,
)
from virage.money.fiscal.rules.record import Stamp, VerifiedRecord, canonical, stamp
from virage.money.fiscal.store import ChainKey, StoredClosing
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.journal import append as write_facts
from virage.platform.values.refusals import Refused
from virage.site.venue import api as venue


class Plan(Struct, frozen=True):
    """Outcome of each record and the new heads of the locked chains, if all new records are written."""

    written: tuple[VerifiedRecord, ...]
    outcomes: list[Outcome]
    heads: dict[ChainKey, Head]
    moved: dict[ChainKey, Head]


async def plan(conn: Connection, written: Sequence[VerifiedRecord], also_lock: Collection[UUID] = ()) -> Plan:
    """Lock the chains of uploaded records and decide the outcome of each; nothing is written yet.

    Callers need the outcome before they move money. The chains of the tills `also_lock` are locked as well, so that
    none of their sales is booked meanwhile. Locks are taken in the order of the tills.
    """
    by_chain: dict[ChainKey, list[int]] = {}
    for at, verified in enumerate(written):
        by_chain.setdefault((verified.record.till, verified.record.training), []).append(at)
    heads = await store.lock_heads(conn, list(by_chain.keys() | {(till, False) for till in also_lock}))
    wanted = [(key, written[at].record.number) for key, places in by_chain.items() for at in places]
    known = await store.records_known(conn, wanted)
    used = await store.ids_used(conn, [(verified.record.till, verified.record.id) for verified in written])
    outcomes: dict[int, Outcome] = {}
    moved: dict[ChainKey, Head] = {}
    for key in sorted(by_chain):
        places = by_chain[key]
        of_till = used.setdefault(key[0], set())
        head, found = extend(heads[key], known.get(key, {}), [link_of(written[at]) for at in places], of_till)
        outcomes |= dict(zip(places, found, strict=True))
        of_till |= {written[at].record.id for at in places if isinstance(outcomes[at], Appended)}
        if head != heads[key]:
            moved[key] = head
    return Plan(tuple(written), [outcomes[at] for at in range(len(written))], heads, moved)


async def write(conn: Connection, plan: Plan, now: datetime) -> None:
    """Store the new records of a plan and move their chains.

    An inconsistent record (`check`) is stored with its defect. If both chains of a till use the same id at the same
    moment, the later one fails with asyncpg's UniqueViolationError; when run again, it is refused with `id_taken`.
    """
    if plan.moved:
        new = [
            record for record, outcome in zip(plan.written, plan.outcomes, strict=True) if isinstance(outcome, Appended)
        ]
        await store.insert_records(conn, new, now)
        await _move(conn, plan.heads, plan.moved, now)


def without(plan: Plan, refused: Mapping[int, Refused]) -> Plan:
    """Return the plan without refused records; the heads of their chains do not move.

    Raises ValueError if another new record of the plan follows a refused one.
    """
    outcomes, moved = list(plan.outcomes), dict(plan.moved)
    for at, refusal in refused.items():
        record = plan.written[at].record
        key = (record.till, record.training)
        previous = plan.heads[key]
        if record.number != previous.number + 1 or moved[key].number != record.number:
            raise ValueError("Only a single record of a chain can be refused after it was planned.")
        outcomes[at] = refusal
        del moved[key]
    return Plan(plan.written, outcomes, plan.heads, moved)


async def _move(conn: Connection, heads: dict[ChainKey, Head], moved: dict[ChainKey, Head], now: datetime) -> None:
    """Store the new heads of locked chains, anchor them (except training), and append journal facts."""
    await store.move_heads(conn, moved)
    real = [till for till, training in moved if not training]
    previous = await store.last_anchors(conn, real)
    await store.insert_anchors(
        conn, [anchor(till, moved[till, False], stamp(now), previous.get(till)) for till in real]
    )
    facts = [
        Fact(
            "till_records_appended",
            till,
            till,
            {"first": heads[till, training].number + 1, "last": head.number, "training": training},
        )
        for (till, training), head in moved.items()
    ]
    await write_facts(conn, facts, now)


async def close(
    conn: Connection,
    vault: KeyVault,
    period: Period,
    now: datetime,
    *,
    zone: ZoneInfo | None = None,
    until: datetime | None = None,
) -> list[Closing] | Refused:
    """Close a period for every till and outlet with records in it: signed, chained, once per period.

    A day is closed for the outlets in a time zone, without `zone` in all where it is not closed yet. It contains all
    records since the last closed day that were received before `until` (None: no limit). All chains are locked
    meanwhile. Refusals: `invalid_input` for a first day that begins no such period, `period_closed` with the first open
    day.
    """
    numbers = await store.lock_all_heads(conn)
    last = await store.last_closed(conn)
    if period.kind is PeriodKind.DAY:
        venues = await venue.venues(conn)
        zones = {ground.zone for ground in venues} if zone is None else {zone}
        days = by_zone(await store.last_days(conn), venues)
        refusals = {of: refuse(period, last | ({PeriodKind.DAY: days[of]} if of in days else {})) for of in zones}
        still_open = [of for of, refusal in refusals.items() if refusal is None]
        if not still_open:
            return min(filter(None, refusals.values()), key=lambda refusal: str(refusal.data["open_since"]))
        if until is not None:
            numbers = await store.numbers_before(conn, until)
        closings = await _days(conn, numbers, period, still_open, stamp(now))
    else:
        refusal = refuse(period, last)
        if refusal is not None:
            return refusal
        closings = await _longer(conn, period, stamp(now))
    if closings:
        key = (await ensure_keys(conn, vault, [FISCAL_KEY], now))[FISCAL_KEY]
        private, bodies = vault.open(key), [canonical(closing) for closing in closings]
        signed = [StoredClosing(body, key.kid, private.sign(CLOSING_PURPOSE + body)) for body in bodies]
        await store.insert_closings(conn, list(zip(closings, signed, strict=True)))
        said = {"period": period.kind.value, "starts_on": period.starts_on.isoformat(), "closings": len(closings)}
        await write_facts(conn, [Fact("period_closed", None, FISCAL_KEY, said)], now)
    return closings


async def _days(
    conn: Connection, numbers: dict[UUID, int], period: Period, zones: Sequence[ZoneInfo], at: Stamp
) -> list[Closing]:
    """Return the closings of a day in some time zones: tills with new records, and the outlets of these records.

    A till that has closed this day in another zone, before it moved, closes its new records with the next day.
    """
    tills = {Subject("till", str(till)): till for till in numbers}
    previous = await store.last_closings(conn, list(tills), PeriodKind.DAY)
    new = []
    for subject, till in tills.items():
        closing = previous.get(subject)
        first = 1 if closing is None else closing.ranges[0].last + 1
        if first <= numbers[till] and (closing is None or closing.starts_on < period.starts_on):
            new.append(Range(till, first, numbers[till]))
    venues = await venue.venues(conn)
    sold_at = await store.outlets_in(conn, new)
    ranges = []
    for range_ in new:
        last = last_of_zone(range_.first, range_.last, sold_at[range_.till], venues, zones)
        if range_.first <= last:
            ranges.append(Range(range_.till, range_.first, last))
    found = await store.tallies(conn, ranges) if ranges else []
    outlets: dict[Subject, list[tuple[Range, Tally]]] = {}
    for outlet, part, tally in found:
        outlets.setdefault(Subject("outlet", outlet), []).append((part, tally))
    previous |= await store.last_closings(conn, list(outlets), PeriodKind.DAY)
    closings = []
    for range_ in ranges:
        subject = Subject("till", str(range_.till))
        taken = add(tally for _, part, tally in found if part.till == range_.till)
        closings.append(close_day(subject, period.starts_on, [range_], taken, previous=previous.get(subject), at=at))
    for subject, parts in sorted(outlets.items()):
        places, taken = [part for part, _ in parts], add(tally for _, tally in parts)
        closings.append(close_day(subject, period.starts_on, places, taken, previous=previous.get(subject), at=at))
    return closings


async def _longer(conn: Connection, period: Period, at: Stamp) -> list[Closing]:
    """Return the closings of a month or year: subjects with a shorter closing since the last one."""
    last = (await store.last_closed(conn)).get(period.kind)
    since = date.min if last is None else Period(period.kind, last).next_starts_on
    parts: dict[Subject, list[Closing]] = {}
    for part in await store.closings_between(conn, PART_OF[period.kind], since, period.next_starts_on):
        parts.setdefault(part.of, []).append(part)
    previous = await store.last_closings(conn, list(parts), period.kind)
    return [close_longer(period, mine, previous=previous.get(subject), at=at) for subject, mine in parts.items()]
