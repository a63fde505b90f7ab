"""Import bank statements, and match their lines with payouts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.settlement.acts import items as item_acts
from virage.money.settlement.rules.csv_statement import CsvColumns
from virage.money.settlement.rules.items import ItemKind, NewItem, SettlementRefusal
from virage.money.settlement.rules.lines import LINE_WITHIN, LineMatch, concerns, match_lines
from virage.money.settlement.rules.statements import keys_of
from virage.money.settlement.store import bank as store
from virage.money.settlement.store import payouts as payout_store
from virage.money.settlement.store.bank import NewLine, NewStatement
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.refusals import Refused

LOOK_BACK: Final = timedelta(days=120)
"""Bank lines are matched for so long after their day; older ones are matched by hand."""


class StatementImport(Struct, frozen=True):
    """Result of an import: lines in the file, lines that no earlier file contained, payouts matched with a line."""

    lines: int
    new_lines: int
    matched: int


async def import_statements(
    conn: Connection,
    statements: Sequence[NewStatement],
    who: UUID | None,
    now: datetime,
    *,
    currency: str,
    provider: str,
    mapping: CsvColumns | None = None,
) -> StatementImport:
    """Store statements without defects, and match their lines. Lines that are stored already are skipped."""
    await payout_store.lock_progress(conn)
    names = [provider, *await store.descriptors(conn)]
    lines = new_lines = 0
    for new in statements:
        statement = new.statement
        await store.put_account(conn, statement.account, mapping)
        keys = keys_of(statement.account, currency, statement.lines)
        known = await store.known_keys(conn, keys)
        fresh = {
            key: NewLine(key, line, concerns(line.text, names))
            for key, line in zip(keys, statement.lines, strict=True)
            if key not in known
        }
        stored = await store.insert_statement(conn, new, list(fresh.values()), now, currency=currency, by=who)
        lines += len(statement.lines)
        if stored is not None:
            new_lines += len(fresh)
            data = {"lines": len(statement.lines), "new_lines": len(fresh)}
            await journal.append(conn, [Fact("bank_statement_imported", who, stored, data)], now)
    return StatementImport(lines, new_lines, await match_bank(conn, now))


async def match_bank(conn: Connection, now: datetime) -> int:
    """Match free bank lines with payouts, and list what should have arrived. Return the number of matches."""
    await payout_store.lock_progress(conn)
    awaited = await store.awaited_payouts(conn)
    free = await store.free_lines(conn, now.date() - LOOK_BACK)
    found = match_lines([one.payout for one in awaited], [one.line for one in free])
    if found.matched:
        await _store_matches(conn, found.matched, now)
    taken = {match.line_id for match in found.matched} | {line_id for line_id, _ in found.differing}
    arrived = {match.payout_id for match in found.matched} | {payout_id for _, payout_id in found.differing}
    payouts = {one.payout.id: one for one in awaited}
    lines = {one.line.id: one.line for one in free}
    opened = [
        NewItem(
            f"{ItemKind.LINE_DIFFERS}:{line_id}",
            ItemKind.LINE_DIFFERS,
            lines[line_id].amount_cents,
            lines[line_id].currency,
            _noon(lines[line_id].booked_on),
            expected_cents=payouts[payout_id].payout.amount_cents,
            payout_id=payout_id,
            line_id=line_id,
        )
        for line_id, payout_id in found.differing
    ]
    opened += [
        NewItem(
            f"{ItemKind.LINE_UNMATCHED}:{one.line.id}",
            ItemKind.LINE_UNMATCHED,
            one.line.amount_cents,
            one.line.currency,
            _noon(one.line.booked_on),
            line_id=one.line.id,
        )
        for one in free
        if one.concerns and one.line.id not in taken
    ]
    booked_until = await store.latest_booking(conn)
    opened += [
        NewItem(
            f"{ItemKind.PAYOUT_NOT_IN_BANK}:{one.ref}",
            ItemKind.PAYOUT_NOT_IN_BANK,
            one.payout.amount_cents,
            one.payout.currency,
            _noon(one.payout.arrives_on),
            payout_id=one.payout.id,
        )
        for one in awaited
        if booked_until is not None
        and one.payout.id not in arrived
        and one.payout.arrives_on + LINE_WITHIN < booked_until
    ]
    await item_acts.open_items(conn, opened, now)
    return len(found.matched)


async def match_by_hand(
    conn: Connection, payout_id: UUID, line_id: UUID, who: UUID | None, now: datetime
) -> Refused | None:
    """Match a payout with a bank line that a person chose; the items of both are closed."""
    await payout_store.lock_progress(conn)
    payout = (await payout_store.payouts(conn, [payout_id])).get(payout_id)
    line = (await store.lines(conn, [line_id])).get(line_id)
    if payout is None or line is None:
        return Refused(SettlementRefusal.NOT_FOUND)
    if payout.line_id == line_id:
        return None
    if payout.account is not None or payout.line_id is not None or line.payout_id is not None:
        return Refused(SettlementRefusal.MATCH_INVALID)
    if (payout.amount_cents, payout.currency) != (line.amount_cents, line.currency):
        return Refused(SettlementRefusal.MATCH_INVALID, {"cents": line.amount_cents})
    await _store_matches(conn, [LineMatch(payout_id, line_id, "hand")], now, who)
    return None


async def _store_matches(
    conn: Connection, matches: Sequence[LineMatch], now: datetime, who: UUID | None = None
) -> None:
    await store.match_lines(conn, matches)
    payouts = await payout_store.payouts(conn, [match.payout_id for match in matches])
    facts = []
    closed = {}
    for match in matches:
        ref = payouts[match.payout_id].ref
        facts.append(Fact("payout_arrived", who, match.payout_id, {"line": str(match.line_id), "by": match.by}))
        closed[f"{ItemKind.PAYOUT_NOT_IN_BANK}:{ref}"] = str(match.line_id)
        closed[f"{ItemKind.LINE_UNMATCHED}:{match.line_id}"] = ref
        closed[f"{ItemKind.LINE_DIFFERS}:{match.line_id}"] = ref
    await journal.append(conn, facts, now)
    await item_acts.close_items(conn, closed, now)


def _noon(day: date) -> datetime:
    """Return a time on a day of the bank, which has no time of its own."""
    return datetime.combine(day, time(12), UTC)
