"""Taps are taken, once each; what cards spend is counted."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from virage.money.wallet.cards.rules.cards import (
    Card,
    Holder,
    Reason,
    Spend,
    Spent,
    Tap,
    TapOutcome,
    TapTaken,
    judge_spends,
    judge_taps,
)
from virage.money.wallet.cards.store import cards as stored
from virage.money.wallet.cards.store import taps as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.days import local_day
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


async def take_taps(conn: Connection, taps: Sequence[Tap], now: datetime) -> list[TapOutcome]:
    """Take taps whose messages were verified as they arrived; one outcome a tap, in order.

    The cards stay locked until the transaction ends, in the order of their ids. A tap with an id that was taken gets
    the same answer and has no second effect. A counter that is not above the card's last one is a clone or a replay:
    the journal tells the first of them after each tap that counted.
    """
    owned = await stored.lock_cards_by_uid(conn, [tap.seen.uid for tap in taps if tap.seen is not None])
    cards = {uid: one.card for uid, one in owned.items()}
    known = await store.taps_by_id(conn, [tap.id for tap in taps])  # read under the lock
    alone = [
        (cards[tap.seen.uid].id, tap.seen.counter)
        for tap in taps
        if tap.taken_at is not None and tap.seen is not None and tap.seen.uid in cards
    ]
    outcomes = judge_taps(taps, known, cards, now, await store.counters_used(conn, alone) if alone else frozenset())
    new = {one.tap_id: one for one in outcomes if isinstance(one, TapTaken) and one.tap_id not in known}
    if new:
        await store.insert_taps(conn, list(new.values()), now)
    await _tell_replays(conn, outcomes, {card.id: card for card in cards.values()}, list(new.values()), now)
    holders = {one.card.id: Holder(one.owner_id, one.card.label) for one in owned.values() if one.owner_id is not None}
    return [
        replace(one, holder=holders[one.card_id]) if isinstance(one, TapTaken) and one.card_id in holders else one
        for one in outcomes
    ]


async def _tell_replays(
    conn: Connection,
    outcomes: Sequence[TapOutcome],
    cards: dict[UUID, Card],
    new: Sequence[TapTaken],
    now: datetime,
) -> None:
    """Append one fact per replayed card, unless one was appended since its last tap."""
    last = {card.id: card.counter for card in cards.values()}
    for tap in new:
        last[tap.card_id] = max(last[tap.card_id], tap.counter)
    facts = {}
    for outcome in outcomes:
        if isinstance(outcome, Refused) and outcome.reason == Reason.TAP_REPLAYED:
            card_id = outcome.data["card_id"]
            if cards[card_id].told_counter != last[card_id]:
                about = {"counter": outcome.data["counter"], "last": last[card_id]}
                facts[card_id] = Fact("tap_replayed", None, card_id, about)
    if facts:
        await store.note_told(conn, list(facts))
        await append(conn, list(facts.values()), now)


async def count_spends(
    conn: Connection, spends: Sequence[Spend], *, cap_cents: Cents, zone: ZoneInfo, now: datetime
) -> list[Spent | Refused]:
    """Count spends of cards against their daily limits, or refuse them; one outcome each, in order.

    Call it in the transaction of the payment, which makes a repeated payment idempotent. A day is in the time zone of
    the deployment.
    """
    ids = [spend.card_id for spend in spends]
    day = local_day(now, zone)
    await stored.lock_cards(conn, ids)
    outcomes = judge_spends(spends, await store.limits(conn, ids, day), day, cap_cents=cap_cents)
    spent = [one for one in outcomes if isinstance(one, Spent)]
    if spent:
        await store.add_spent(conn, spent)
    return outcomes


async def give_back(conn: Connection, spents: Sequence[Spent]) -> None:
    """Take what went back, or what did not come to a payment, off the days that it was counted to."""
    if spents:
        await stored.lock_cards(conn, [spent.card_id for spent in spents])
        await store.take_spent(conn, spents)
