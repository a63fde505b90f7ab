"""Store payouts and their entries, compare them with our payments, and find what no payout names.

Each act locks the progress of settlement first, so that two of them never decide about the same payment.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.payments.types import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.settlement.acts import items as item_acts
from virage.money.settlement.rules.items import ItemKind, NewItem, kind_of
from virage.money.settlement.rules.matching import (
    Decision,
    KnownPayment,
    KnownRefund,
    Ours,
    Verdict,
    decide,
    totals,
)
from virage.money.settlement.store import payouts as store
from virage.money.settlement.store.words import stored
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact

PAGE: Final = 1000
Key = tuple[datetime, UUID]
"""Time and id after which the next page begins."""


async def store_payouts(conn: Connection, told: Sequence[ProviderPayout], now: datetime) -> None:
    """Store payouts as the provider reports them now. One that failed, or has no list of entries, opens an item."""
    if not told:
        return
    await store.lock_progress(conn)
    changed = await store.put_payouts(conn, told)
    found = await store.payouts(conn, sorted(changed))
    facts, opened = [], []
    for payout in found.values():
        facts.append(Fact(f"payout_{payout.state}", None, payout.id, {"cents": payout.amount_cents}))
        kind = None
        if payout.state is PayoutState.FAILED:
            kind = ItemKind.PAYOUT_FAILED
        elif payout.listing is Listing.NEVER and payout.state is PayoutState.PAID:
            kind = ItemKind.PAYOUT_NOT_LISTED
        if kind is not None:
            opened.append(
                NewItem(
                    f"{kind}:{payout.ref}",
                    kind,
                    payout.amount_cents,
                    payout.currency,
                    payout.created_at,
                    payout_id=payout.id,
                )
            )
    await journal.append(conn, facts, now)
    await item_acts.open_items(conn, opened, now)


async def store_entries(conn: Connection, payout_id: UUID, page: Sequence[BalanceEntry]) -> None:
    """Store a page of entries of a payout. Entries that are known already are skipped."""
    if page:
        await store.lock_progress(conn)
        await store.insert_entries(conn, payout_id, page)


async def finish_fetch(conn: Connection, payout_id: UUID, now: datetime) -> None:
    """Store that all entries of a payout are stored."""
    await store.lock_progress(conn)
    await store.finish_fetch(conn, payout_id, now)


async def match_page(conn: Connection, payout_id: UUID, currency: str, now: datetime) -> bool:
    """Compare the next page of entries of a payout; with the last one, store its totals. Return whether more follow."""
    await store.lock_progress(conn)
    page = await store.entries_to_match(conn, payout_id, PAGE)
    if page:
        await _compare(conn, dict.fromkeys((entry.id for entry in page), payout_id), page, currency, now)
    if len(page) == PAGE:
        return True
    await _store_totals(conn, payout_id, now)
    return False


async def _store_totals(conn: Connection, payout_id: UUID, now: datetime) -> None:
    """Store the totals of a payout whose entries are all compared, and list it if they do not explain its amount."""
    payout = (await store.payouts(conn, [payout_id]))[payout_id]
    found = totals(payout.amount_cents, await store.sums_of(conn, payout_id))
    await store.finish_match(conn, payout_id, found, now)
    key = f"{ItemKind.PAYOUT_DIFFERS}:{payout.ref}"
    if found.unexplained_cents:
        differs = NewItem(
            key,
            ItemKind.PAYOUT_DIFFERS,
            payout.amount_cents,
            payout.currency,
            payout.created_at,
            expected_cents=found.net_cents,
            payout_id=payout_id,
        )
        await item_acts.open_items(conn, [differs], now)
    else:
        await item_acts.close_items(conn, {key: payout.ref}, now)
    data = {"entries": found.entries, "unexplained_cents": found.unexplained_cents}
    await journal.append(conn, [Fact("payout_compared", None, payout_id, data)], now)


async def match_again(conn: Connection, currency: str, now: datetime) -> None:
    """Compare the entries with an open item again: what they name may be known now."""
    await store.lock_progress(conn)
    found = await store.entries_unmatched(conn, PAGE)
    if found:
        payouts = {entry.id: payout_id for entry, payout_id in found.values()}
        decisions = await _compare(conn, payouts, [entry for entry, _ in found.values()], currency, now)
        others = {payouts[one.entry.id] for one in decisions if one.verdict is Verdict.OTHER_BUSINESS}
        for payout_id in sorted(others):  # until version 0170 of the schema they were counted as payments
            await _store_totals(conn, payout_id, now)


async def _compare(
    conn: Connection, payouts: dict[str, UUID], entries: Sequence[BalanceEntry], currency: str, now: datetime
) -> list[Decision]:
    """Compare entries with our payments, store the verdicts, open and close items, and return the decisions."""
    decisions = decide(entries, await _ours(conn, entries, currency))
    await store.set_verdicts(conn, decisions)
    opened = [_item(decision, payouts[decision.entry.id]) for decision in decisions]
    await item_acts.open_items(conn, [item for item in opened if item is not None], now)
    await item_acts.close_items(conn, dict(_explained(decisions)), now)
    return decisions


def _item(decision: Decision, payout_id: UUID) -> NewItem | None:
    if decision.verdict in (Verdict.MATCHED, Verdict.OTHER_BUSINESS):
        return None
    entry = decision.entry
    return NewItem(
        f"entry:{entry.id}",
        kind_of(decision.verdict),
        entry.amount_cents,
        entry.currency,
        entry.created_at,
        expected_cents=decision.expected_cents,
        payout_id=payout_id,
        entry_id=entry.id,
        payment_id=decision.payment_id,
        refund_id=decision.refund_id,
    )


def _explained(decisions: Iterable[Decision]) -> Iterable[tuple[str, str]]:
    """Yield the keys of the items that entries explain, each with what explains it."""
    for decision in decisions:
        entry = decision.entry
        if decision.verdict is Verdict.OTHER_BUSINESS:
            yield f"entry:{entry.id}", str(entry.account)
        if decision.verdict is not Verdict.MATCHED:
            continue
        yield f"entry:{entry.id}", str(decision.refund_id or decision.payment_id or entry.source_ref)
        if entry.kind is EntryKind.CHARGE:
            yield f"{ItemKind.PAYMENT_MISSING}:{decision.payment_id}", entry.id
        elif entry.kind is EntryKind.APPLICATION_FEE:
            yield f"{stored(ItemKind.APPLICATION_FEE_MISSING)}:{decision.payment_id}", entry.id
        elif entry.kind is EntryKind.REFUND:
            yield f"{ItemKind.REFUND_MISSING}:{decision.refund_id}", entry.id
        elif entry.kind is EntryKind.PAYOUT_FAILURE:
            yield f"{ItemKind.PAYOUT_FAILED}:{entry.source_ref}", entry.id


async def _ours(conn: Connection, entries: Sequence[BalanceEntry], currency: str) -> Ours:
    """Return what some entries are compared with, in a fixed number of queries."""
    intents = {entry.intent_ref: entry.payment_id for entry in entries if entry.intent_ref is not None}
    by_intent = {intent: payment_id for intent, payment_id in intents.items() if payment_id is not None}
    unknown = sorted(intents.keys() - by_intent.keys())
    if unknown:
        by_intent |= await store.payments_of_intents(conn, unknown)
        by_intent |= await payments.of_intents(conn, unknown)
    refund_ids = sorted({entry.refund_id for entry in entries if entry.refund_id is not None})
    refunds = await payments.refunds(conn, refund_ids) if refund_ids else {}
    wanted = {entry.payment_id for entry in entries if entry.payment_id is not None}
    wanted |= {*by_intent.values(), *(refund.payment_id for refund in refunds.values())}
    found = await payments.payments(conn, sorted(wanted)) if wanted else {}
    failed = sorted(
        {entry.source_ref for entry in entries if entry.kind is EntryKind.PAYOUT_FAILURE and entry.source_ref}
    )
    failures = sorted(wanted) if any(entry.kind is EntryKind.CHARGE_FAILURE for entry in entries) else []
    direct = sorted(id_ for id_, payment in found.items() if payment.account is not None)
    return Ours(
        currency,
        payments={
            id_: KnownPayment(payment.captured_cents, payment.account, payment.fee_cents, payment.provider_ref)
            for id_, payment in found.items()
            if payment.captured_cents is not None
        },
        refunds={id_: KnownRefund(refund.payment_id, refund.amount_cents) for id_, refund in refunds.items()},
        payouts=await store.payouts_by_ref(conn, failed) if failed else {},
        payment_by_intent=by_intent,
        charged=await store.named_payments(conn, EntryKind.CHARGE, sorted(wanted)) if wanted else set(),
        failed=await store.named_payments(conn, EntryKind.CHARGE_FAILURE, failures) if failures else set(),
        with_fee=await store.named_payments(conn, EntryKind.APPLICATION_FEE, direct) if direct else set(),
        refunds_out=await store.named_refunds(conn, refund_ids) if refund_ids else {},
        returned=await store.application_fees_returned(conn, direct) if direct else {},
    )


async def list_missing_captures(
    conn: Connection, key: Key, until: datetime, currency: str, now: datetime
) -> Key | None:
    """Open an item for each capture of a page, and each application fee of one, that no payout names.

    Return where the next page begins, None at the end. Captures are those from the time of the key until `until`; the
    caller has stored and compared all payouts.
    """
    await store.lock_progress(conn)
    page = await payments.captures(conn, key[0], until, key[1], PAGE)
    named = await store.named_payments(conn, EntryKind.CHARGE, [capture.id for capture in page])
    with_fee = [capture for capture in page if capture.fee_cents]
    paid = (
        await store.named_payments(conn, EntryKind.APPLICATION_FEE, [one.id for one in with_fee]) if with_fee else set()
    )
    missing = [
        NewItem(
            f"{ItemKind.PAYMENT_MISSING}:{capture.id}",
            ItemKind.PAYMENT_MISSING,
            capture.captured_cents,
            currency,
            capture.at,
            payment_id=capture.id,
        )
        for capture in page
        if capture.id not in named
    ]
    missing += [
        NewItem(
            f"{stored(ItemKind.APPLICATION_FEE_MISSING)}:{capture.id}",
            ItemKind.APPLICATION_FEE_MISSING,
            capture.fee_cents,
            currency,
            capture.at,
            payment_id=capture.id,
        )
        for capture in with_fee
        if capture.id not in paid
    ]
    await item_acts.open_items(conn, missing, now)
    return (page[-1].at, page[-1].id) if len(page) == PAGE else None


async def list_missing_refunds(conn: Connection, key: Key, until: datetime, currency: str, now: datetime) -> Key | None:
    """Do the same for the refunds that the provider accepted in this period."""
    await store.lock_progress(conn)
    page = await payments.refunds_done(conn, key[0], until, key[1], PAGE)
    sent = await store.named_refunds(conn, [refund.id for refund in page])
    missing = [
        NewItem(
            f"{ItemKind.REFUND_MISSING}:{refund.id}",
            ItemKind.REFUND_MISSING,
            -refund.amount_cents,
            currency,
            refund.done_at or now,
            payment_id=refund.payment_id,
            refund_id=refund.id,
        )
        for refund in page
        if refund.id not in sent
    ]
    await item_acts.open_items(conn, missing, now)
    return (page[-1].done_at or now, page[-1].id) if len(page) == PAGE else None


async def finish_missing(conn: Connection, until: datetime) -> None:
    """Store up to when captures and refunds were looked at."""
    await store.lock_progress(conn)
    await store.move_progress(conn, until)
