"""Payouts and their balance entries."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.payments.types import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.settlement.rules.items import payout_id_of
from virage.money.settlement.rules.matching import Decision, KindSum, KnownPayout, SettledPayout, Totals, Verdict
from virage.money.settlement.store.queries import queries
from virage.money.settlement.store.words import entry_kind, stored
from virage.platform.data.database import Connection


class PayoutToFetch(NamedTuple):
    """Payout of an account with entries to fetch, from the one after `after`."""

    id: UUID
    ref: str
    account: str | None
    after: str | None


class Payout(Struct, frozen=True):
    """Stored payout. `totals` is None until all its entries are compared; `line_id` is its bank line."""

    id: UUID
    ref: str
    amount_cents: int
    currency: str
    created_at: datetime
    arrives_on: date
    state: PayoutState
    listing: Listing
    reference: str | None
    descriptor: str | None
    failure: str | None
    is_fetched: bool
    totals: Totals | None
    line_id: UUID | None
    open_items: int
    account: str | None


class StoredEntry(NamedTuple):
    """Entry of a payout with its verdict, None while it is not compared."""

    entry: BalanceEntry
    verdict: Verdict | None
    payout_id: UUID


async def lock_progress(conn: Connection) -> None:
    """Lock the writes of settlement until the transaction ends."""
    await queries.lock_progress(conn)


async def looked_until(conn: Connection) -> datetime:
    """Return up to when captures and refunds were looked at."""
    found: datetime = await queries.looked_until(conn)
    return found


async def move_progress(conn: Connection, looked_until: datetime) -> None:
    """Store up to when captures were looked at."""
    await queries.move_progress(conn, looked_until=looked_until)


async def latest_payout(conn: Connection, account: str | None) -> datetime | None:
    """Return when the latest payout of an account was created."""
    found: datetime | None = await queries.latest_payout(conn, account=account)
    return found


async def put_payouts(conn: Connection, payouts: Sequence[ProviderPayout]) -> set[UUID]:
    """Store payouts; return the ids of those that are new or have another state."""
    rows = queries.put_payouts(
        conn,
        ids=[payout_id_of(payout.id) for payout in payouts],
        refs=[payout.id for payout in payouts],
        amounts_cents=[payout.amount_cents for payout in payouts],
        currencies=[payout.currency for payout in payouts],
        created_ats=[payout.created_at for payout in payouts],
        arrives_ons=[payout.arrives_on for payout in payouts],
        states=[payout.state.value for payout in payouts],
        listings=[payout.listing.value for payout in payouts],
        references_=[payout.reference for payout in payouts],
        descriptors=[payout.descriptor for payout in payouts],
        failures=[payout.failure for payout in payouts],
        accounts=[payout.account for payout in payouts],
    )
    return {row["id"] async for row in rows}


async def payouts_to_fetch(conn: Connection) -> list[PayoutToFetch]:
    """Return the payouts with entries to fetch, oldest first."""
    return [PayoutToFetch(**row) async for row in queries.payouts_to_fetch(conn)]


async def payouts_to_match(conn: Connection) -> list[UUID]:
    """Return the payouts with entries to compare, oldest first."""
    return [row["id"] async for row in queries.payouts_to_match(conn)]


async def insert_entries(conn: Connection, payout_id: UUID, entries: Sequence[BalanceEntry]) -> None:
    """Store a page of entries, and that it was the last one."""
    await queries.insert_entries(
        conn,
        payout_id=payout_id,
        ids=[entry.id for entry in entries],
        kinds=[stored(entry.kind) for entry in entries],
        categories=[entry.category for entry in entries],
        amounts_cents=[entry.amount_cents for entry in entries],
        fees_cents=[entry.fee_cents for entry in entries],
        nets_cents=[entry.net_cents for entry in entries],
        currencies=[entry.currency for entry in entries],
        created_ats=[entry.created_at for entry in entries],
        payment_ids=[entry.payment_id for entry in entries],
        refund_ids=[entry.refund_id for entry in entries],
        intent_refs=[entry.intent_ref for entry in entries],
        source_refs=[entry.source_ref for entry in entries],
        accounts=[entry.account for entry in entries],
    )
    await queries.move_entries(conn, payout_id=payout_id, after=entries[-1].id)


async def finish_fetch(conn: Connection, payout_id: UUID, now: datetime) -> None:
    """Store that all entries of a payout are stored."""
    await queries.finish_fetch(conn, payout_id=payout_id, now=now)


async def entries_to_match(conn: Connection, payout_id: UUID, most: int) -> list[BalanceEntry]:
    """Return entries of a payout that are not compared, oldest first."""
    return [_entry(row) async for row in queries.entries_to_match(conn, payout_id=payout_id, most=most)]


async def entries_unmatched(conn: Connection, most: int) -> dict[str, tuple[BalanceEntry, UUID]]:
    """Return compared entries with an open item, with their payouts, by id, latest first."""
    rows = queries.entries_unmatched(conn, most=most)
    return {row["id"]: (_entry(row), row["payout_id"]) async for row in rows}


async def payments_of_intents(conn: Connection, intents: Sequence[str]) -> dict[str, UUID]:
    """Return payments by the provider's id, as entries have named them."""
    rows = queries.payments_of_intents(conn, intents=intents)
    return {row["intent_ref"]: row["payment_id"] async for row in rows}


async def named_payments(conn: Connection, kind: EntryKind, payment_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of the payments have a matched charge or application fee."""
    return {row["payment_id"] async for row in queries.named_payments(conn, kind=stored(kind), payment_ids=payment_ids)}


async def application_fees_returned(conn: Connection, payment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the application fees that matched entries gave back, by payment in cents, for payments that have any."""
    return {
        row["payment_id"]: row["cents"]
        async for row in queries.application_fees_returned(
            conn, kind=stored(EntryKind.APPLICATION_FEE_RETURNED), payment_ids=payment_ids
        )
    }


async def named_refunds(conn: Connection, refund_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the matched refunds less the matched failures, for refunds that have any."""
    return {row["refund_id"]: row["out"] async for row in queries.named_refunds(conn, refund_ids=refund_ids)}


async def payouts_by_ref(conn: Connection, refs: Sequence[str]) -> dict[str, KnownPayout]:
    """Return payouts by the provider's id."""
    return {
        row["ref"]: KnownPayout(row["amount_cents"], PayoutState(row["state"]))
        async for row in queries.payouts_by_ref(conn, refs=refs)
    }


async def set_verdicts(conn: Connection, decisions: Sequence[Decision]) -> None:
    """Store the results of the comparison."""
    await queries.set_verdicts(
        conn,
        ids=[decision.entry.id for decision in decisions],
        verdicts=[decision.verdict.value for decision in decisions],
        payment_ids=[decision.payment_id for decision in decisions],
        refund_ids=[decision.refund_id for decision in decisions],
    )


async def sums_of(conn: Connection, payout_id: UUID) -> dict[EntryKind, KindSum]:
    """Return the sums of the entries of a payout by kind."""
    return {
        entry_kind(row["kind"]): KindSum(
            row["count"],
            row["amount_cents"],
            row["fee_cents"],
            row["net_cents"],
            row["reader_cents"],
            row["other_business_cents"],
        )
        async for row in queries.sums_of(conn, payout_id=payout_id)
    }


async def finish_match(conn: Connection, payout_id: UUID, totals: Totals, now: datetime) -> None:
    """Store the totals of a payout."""
    await queries.finish_match(
        conn,
        payout_id=payout_id,
        entries=totals.entries,
        gross=totals.gross_cents,
        fees=totals.fee_cents,
        refunds=totals.refund_cents,
        disputes=totals.dispute_cents,
        other=totals.other_cents,
        net=totals.net_cents,
        unexplained=totals.unexplained_cents,
        application_fees=totals.application_fee_cents,
        readers=totals.reader_cents,
        other_business=totals.other_business_cents,
        now=now,
    )


async def payouts(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payout]:
    """Return payouts by id."""
    return {row["id"]: _payout(row) async for row in queries.payouts(conn, ids=ids)}


async def latest_payouts(conn: Connection, before: datetime, most: int) -> list[UUID]:
    """Return the ids of payouts created before a time, latest first."""
    return [row["id"] async for row in queries.latest_payouts(conn, before=before, most=most)]


async def entries(
    conn: Connection,
    payout_id: UUID,
    kind: EntryKind | None,
    after: tuple[datetime, str],
    most: int,
    *,
    unmatched: bool,
) -> list[StoredEntry]:
    """Return a page of the entries of a payout from after a time and id, oldest first."""
    rows = queries.entries(
        conn,
        payout_id=payout_id,
        kind=None if kind is None else stored(kind),
        unmatched=unmatched,
        after_at=after[0],
        after_id=after[1],
        most=most,
    )
    return [StoredEntry(_entry(row), _verdict(row), payout_id) async for row in rows]


async def entries_of_payments(conn: Connection, payment_ids: Sequence[UUID]) -> list[StoredEntry]:
    """Return the entries about payments, oldest first."""
    rows = queries.entries_of_payments(conn, payment_ids=payment_ids)
    return [StoredEntry(_entry(row), _verdict(row), row["payout_id"]) async for row in rows]


async def find_entries(conn: Connection, ref: str, amount_cents: int | None, most: int) -> list[StoredEntry]:
    """Return entries with a provider's id or an amount, latest first."""
    rows = queries.find_entries(conn, ref=ref, amount_cents=amount_cents, most=most)
    return [StoredEntry(_entry(row), _verdict(row), row["payout_id"]) async for row in rows]


async def find_payouts(conn: Connection, ref: str, amount_cents: int | None, most: int) -> list[UUID]:
    """Return the ids of payouts with a provider's id, reference or amount, latest first."""
    return [row["id"] async for row in queries.find_payouts(conn, ref=ref, amount_cents=amount_cents, most=most)]


async def payouts_until(conn: Connection, last: date) -> list[SettledPayout]:
    """Return the operator's compared payouts that arrived or failed until a day, inclusive, oldest first."""
    return [
        SettledPayout(
            row["arrives_on"],
            row["state"] == PayoutState.PAID,
            row["amount_cents"],
            row["gross_cents"],
            row["fee_cents"],
            row["refund_cents"],
            row["dispute_cents"],
            row["other_cents"],
            row["unexplained_cents"],
            row["application_fee_cents"],
            row["reader_cents"],
        )
        async for row in queries.payouts_until(conn, last=last)
    ]


def _verdict(row: Mapping[str, Any]) -> Verdict | None:
    return None if row["verdict"] is None else Verdict(row["verdict"])


def _entry(row: Mapping[str, Any]) -> BalanceEntry:
    return BalanceEntry(
        row["id"],
        entry_kind(row["kind"]),
        row["category"],
        row["amount_cents"],
        row["fee_cents"],
        row["net_cents"],
        row["currency"],
        row["created_at"],
        payment_id=row["payment_id"],
        refund_id=row["refund_id"],
        intent_ref=row["intent_ref"],
        source_ref=row["source_ref"],
        account=row["account"],
    )


def _payout(row: Mapping[str, Any]) -> Payout:
    totals = None
    if row["matched_at"] is not None:
        totals = Totals(
            row["entry_count"],
            row["gross_cents"],
            row["fee_cents"],
            row["refund_cents"],
            row["dispute_cents"],
            row["other_cents"],
            row["net_cents"],
            row["unexplained_cents"],
            row["application_fee_cents"],
            row["reader_cents"],
            row["other_business_cents"],
        )
    return Payout(
        row["id"],
        row["ref"],
        row["amount_cents"],
        row["currency"],
        row["created_at"],
        row["arrives_on"],
        PayoutState(row["state"]),
        Listing(row["listing"]),
        row["reference"],
        row["descriptor"],
        row["failure"],
        is_fetched=row["fetched_at"] is not None,
        totals=totals,
        line_id=row["line_id"],
        open_items=row["open_items"],
        account=row["account"],
    )
