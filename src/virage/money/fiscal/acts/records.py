"""Records appended to the chains of their tills, and periods closed, in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import ensure_keys
from virage.identity.keys.types import KeyVault
from virage.money.fiscal import store
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
from virage.money.fiscal.rules.record import Stamp, Written, canonical, stamp
from virage.money.fiscal.store import ChainKey, StoredClosing
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.journal import append as write_facts
from virage.platform.values.refusals import Refused


class Plan(Struct, frozen=True):
    """Records whose chains are locked: what becomes of each, and of the chains, if all that is new is written."""

    written: tuple[Written, ...]
    outcomes: list[Outcome]
    heads: dict[ChainKey, Head]
    moved: dict[ChainKey, Head]


async def plan(conn: Connection, written: Sequence[Written], beside: Collection[UUID] = ()) -> Plan:
    """Lock the chains of what tills wrote, in the order of their tills, and judge each record; nothing is written yet.

    For whoever must know whether a record is new before its money moves. The chains of the tills `beside` are locked
    with them: none of their sales is booked meanwhile.
    """
    by_chain: dict[ChainKey, list[int]] = {}
    for at, one in enumerate(written):
        by_chain.setdefault((one.record.till, one.record.training), []).append(at)
    heads = await store.lock_heads(conn, list(by_chain.keys() | {(till, False) for till in beside}))
    wanted = [(key, written[at].record.number) for key, places in by_chain.items() for at in places]
    known = await store.records_known(conn, wanted)
    used = await store.ids_used(conn, [(one.record.till, one.record.id) for one in written])
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
    """Write all that a plan found new, and move its chains.

    A record that does not add up (`check`) is written with its defect: its till cannot take it back. The same id in
    both rows of a till at the same moment: the later one fails with asyncpg's UniqueViolationError; run again, it is
    told `id_taken`.
    """
    if plan.moved:
        new = [one for one, outcome in zip(plan.written, plan.outcomes, strict=True) if isinstance(outcome, Appended)]
        await store.insert_records(conn, new, now)
        await _move(conn, plan.heads, plan.moved, now)


def without(plan: Plan, refused: Mapping[int, Refused]) -> Plan:
    """The plan without the last new record of some chains, which are refused: their heads stay where they are.

    Raises ValueError for a record on which another new one of the plan stands.
    """
    outcomes, moved = list(plan.outcomes), dict(plan.moved)
    for at, refusal in refused.items():
        record = plan.written[at].record
        key = (record.till, record.training)
        before = plan.heads[key]
        if record.number != before.number + 1 or moved[key].number != record.number:
            raise ValueError("Only a record that comes alone can be refused once it continues its chain.")
        outcomes[at] = refusal
        del moved[key]
    return Plan(plan.written, outcomes, plan.heads, moved)


async def _move(conn: Connection, heads: dict[ChainKey, Head], moved: dict[ChainKey, Head], now: datetime) -> None:
    """Write the heads of locked chains, anchor those that are no rehearsal, and tell of all."""
    await store.move_heads(conn, moved)
    real = [till for till, training in moved if not training]
    before = await store.last_anchors(conn, real)
    await store.insert_anchors(conn, [anchor(till, moved[till, False], stamp(now), before.get(till)) for till in real])
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
    conn: Connection, vault: KeyVault, period: Period, now: datetime, *, until: datetime | None = None
) -> list[Closing] | Refused:
    """Close a period for every till and outlet that has something in it: signed, chained, each period once.

    A day takes all records since the day closed before that came before `until` (None: all that there are), whenever
    they were written. A month is the sum of its days, a year of its months. Nobody appends meanwhile. Refused with
    `invalid_input` for a day with which no such period begins, or `period_closed` with the first day that is open.
    """
    numbers = await store.lock_all_heads(conn)
    refusal = refuse(period, await store.last_closed(conn))
    if refusal is not None:
        return refusal
    if period.kind is PeriodKind.DAY:
        if until is not None:
            numbers = await store.numbers_before(conn, until)
        closings = await _days(conn, numbers, period, stamp(now))
    else:
        closings = await _longer(conn, period, stamp(now))
    if closings:
        key = (await ensure_keys(conn, vault, [FISCAL_KEY], now))[FISCAL_KEY]
        private, bodies = vault.open(key), [canonical(closing) for closing in closings]
        signed = [StoredClosing(body, key.kid, private.sign(CLOSING_PURPOSE + body)) for body in bodies]
        await store.insert_closings(conn, list(zip(closings, signed, strict=True)))
        said = {"period": period.kind.value, "starts_on": period.starts_on.isoformat(), "closings": len(closings)}
        await write_facts(conn, [Fact("period_closed", None, FISCAL_KEY, said)], now)
    return closings


async def _days(conn: Connection, numbers: dict[UUID, int], period: Period, at: Stamp) -> list[Closing]:
    """The closings of a day: of the tills that wrote since the last one, and of the outlets where they stood."""
    tills = {Subject("till", str(till)): till for till in numbers}
    before = await store.last_closings(conn, list(tills), PeriodKind.DAY)
    ranges = []
    for subject, till in tills.items():
        first = before[subject].ranges[0].last + 1 if subject in before else 1
        if first <= numbers[till]:
            ranges.append(Range(till, first, numbers[till]))
    found = await store.tallies(conn, ranges) if ranges else []
    outlets: dict[Subject, list[tuple[Range, Tally]]] = {}
    for outlet, part, tally in found:
        outlets.setdefault(Subject("outlet", outlet), []).append((part, tally))
    before |= await store.last_closings(conn, list(outlets), PeriodKind.DAY)
    closings = []
    for one in ranges:
        subject = Subject("till", str(one.till))
        taken = add(tally for _, part, tally in found if part.till == one.till)
        closings.append(close_day(subject, period.starts_on, [one], taken, before=before.get(subject), at=at))
    for subject, parts in sorted(outlets.items()):
        places, taken = [part for part, _ in parts], add(tally for _, tally in parts)
        closings.append(close_day(subject, period.starts_on, places, taken, before=before.get(subject), at=at))
    return closings


async def _longer(conn: Connection, period: Period, at: Stamp) -> list[Closing]:
    """The closings of a month or a year: of whoever closed a shorter period since the last one."""
    last = (await store.last_closed(conn)).get(period.kind)
    since = date.min if last is None else Period(period.kind, last).next_starts_on
    parts: dict[Subject, list[Closing]] = {}
    for part in await store.closings_between(conn, PART_OF[period.kind], since, period.next_starts_on):
        parts.setdefault(part.of, []).append(part)
    before = await store.last_closings(conn, list(parts), period.kind)
    return [close_longer(period, mine, before=before.get(subject), at=at) for subject, mine in parts.items()]
