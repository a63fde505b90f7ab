"""A fan's purse: loaded by bank card, paid out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.payments import api as payments
from virage.money.payments.types import FAILED, RefundRequest, Start
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.types import Purse
from virage.money.wallet.funding.rules import gifts
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.top_ups import PURPOSE, Limits, Reason, TopUp
from virage.money.wallet.funding.store import top_ups as store
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection, Contended
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

PAYS_FOR: Final = timedelta(minutes=15)


class TopUpWish(Struct, frozen=True):
    """A fan loads their purse. The browser makes `id` and `payment_id`: sent twice, it is one top-up.

    Another `payment_id` for the same `id` is refused: a new try is a new top-up.
    """

    id: UUID
    payment_id: UUID
    cents: Cents


class PaidOut(Struct, frozen=True):
    """What goes back to bank cards, and what stays in the purse for a desk, for it did not come by card."""

    cents: Cents
    left_cents: Cents


async def top_up(
    conn: Connection, owner_id: UUID, wish: TopUpWish, *, limits: Limits, return_url: str, now: datetime
) -> Start | Refused | None:
    """Begin a top-up: what the provider must be told, None where its money has come already."""
    await accounts.ensure_purse(conn, owner_id, now)
    purse = await accounts.lock_purse_of(conn, owner_id)
    refusal = Refused(Reason.PURSE_FROZEN) if purse is None else await _begin(conn, purse, wish, limits, now)
    if refusal is not None:
        return refusal
    start = Start(wish.payment_id, PURPOSE, wish.id, wish.cents, return_url, now + PAYS_FOR)
    begun = (await payments.begin(conn, [start], now))[0]
    if isinstance(begun, Refused):
        return begun
    if begun.state in FAILED:
        return Refused(Reason.PAYMENT_FAILED, {"reason": begun.reason})
    return None if begun.captured_cents is not None else start


async def _begin(conn: Connection, purse: Purse, wish: TopUpWish, limits: Limits, now: datetime) -> Refused | None:
    """Write a new top-up of a locked purse down; the same wish again is the one that stands."""
    top_up = TopUp(wish.id, purse.id, wish.payment_id, wish.cents)
    known = (await store.top_ups(conn, [wish.id])).get(wish.id)
    if known is not None:
        return None if known == top_up else Refused(Reason.TOP_UP_ID_TAKEN)
    open_cents = (await open_top_ups(conn, [purse.id], now))[purse.id]
    balance = await _balance(conn, purse.id)
    refusal = rules.may_top_up(purse, balance.balance_cents, open_cents, wish.cents, limits)
    if refusal is not None:
        return refusal
    if not await store.insert_top_up(conn, top_up, now):
        return Refused(Reason.TOP_UP_ID_TAKEN)
    about = {"purse": purse.id, "cents": wish.cents}
    await append(conn, [Fact("top_up_begun", purse.owner_id, wish.id, about)], now)
    return None


async def open_top_ups(conn: Connection, purse_ids: Sequence[UUID], now: datetime) -> dict[UUID, Cents]:
    """What may still come into locked purses by payments whose time is not over, by purse."""
    top_ups = await store.recent_top_ups(conn, purse_ids, now - PAYS_FOR)
    made = await payments.payments(conn, [one.payment_id for one in top_ups])
    of_purse = {purse_id: [one for one in top_ups if one.purse_id == purse_id] for purse_id in purse_ids}
    return {purse_id: rules.open_cents(mine, made, now) for purse_id, mine in of_purse.items()}


async def pay_out(conn: Connection, owner_id: UUID, payout_id: UUID, now: datetime) -> PaidOut | Refused:
    """Send all that is left back to the bank cards that it came from; free, at any time. The same id again is one."""
    purse = await accounts.lock_purse_of(conn, owner_id)
    if purse is None:
        return Refused(Reason.NOTHING_TO_PAY_OUT)
    known = await store.payout(conn, payout_id)
    if known is not None:
        left = (await _balance(conn, purse.id)).available_cents
        return PaidOut(known[1], left) if known[0] == purse.id else Refused(Reason.NOTHING_TO_PAY_OUT)
    paid_out = await _send_back(conn, purse, payout_id, now)
    if paid_out.cents == 0:
        return Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": paid_out.left_cents})
    await append(conn, [Fact("payout_asked", owner_id, payout_id, {"purse": purse.id, "cents": paid_out.cents})], now)
    return paid_out


async def _send_back(conn: Connection, purse: Purse, payout_id: UUID, now: datetime) -> PaidOut:
    """Move what is left out of a locked purse, and ask the provider for the refunds."""
    top_ups = await store.top_ups_of_purse(conn, purse.id)
    made = await payments.payments(conn, [one.payment_id for one in top_ups])
    available = (await _balance(conn, purse.id)).available_cents
    shares = rules.shares(rules.paid(top_ups, made), available)
    cents = sum(share.cents for share in shares)
    if not shares or not await store.insert_payout(conn, payout_id, purse.id, cents, now):
        return PaidOut(0, available)
    requests = [RefundRequest(rules.share_id(payout_id, share), share.payment_id, share.cents) for share in shares]
    for refused in await payments.request_refund(conn, requests, now):
        if isinstance(refused, Refused):
            raise RuntimeError(f"The payout {payout_id} exceeds what was captured: {refused.reason}")  # noqa: TRY004 - it is no type that is wrong
    (posted,) = await ledger.post(conn, [[rules.payout(payout_id, purse.id, share) for share in shares]], now)
    if isinstance(posted, Refused):
        raise RuntimeError(f"The payout {payout_id} is not in the purse: {posted.reason}")  # noqa: TRY004 - the same
    return PaidOut(cents, available - cents)


async def _forfeit_bonus(conn: Connection, purse_id: UUID, now: datetime) -> None:
    """Give back to the house what it gave to somebody who is erased."""
    given = bonus(purse_id).id
    cents = (await balances_by_id(conn, [given])).get(given, Balance()).available_cents
    if cents:
        (posted,) = await ledger.post(conn, [[gifts.forfeit(new_id(), purse_id, cents)]], now)
        if isinstance(posted, Refused):
            raise Contended("The bonus was spent meanwhile.")


async def empty_closed(conn: Connection, purse_id: UUID, now: datetime) -> None:
    """Empty a purse whose owner was erased of what came later, a refund for instance.

    What came by bank card goes back to it, bonus to the house, and what is left to the account of unclaimed money.
    """
    purse = (await accounts.lock_purses(conn, [purse_id]))[purse_id]
    if purse.frozen_at is None:
        return
    sent = await _send_back(conn, purse, new_id(), now)
    await _forfeit_bonus(conn, purse_id, now)
    if sent.left_cents:
        (posted,) = await ledger.post(conn, [[rules.unclaimed(new_id(), purse_id, sent.left_cents)]], now)
        if isinstance(posted, Refused):
            raise Contended("It was spent meanwhile.")
    if sent.cents or sent.left_cents:
        about = {"sent_back_cents": sent.cents, "unclaimed_cents": sent.left_cents}
        await append(conn, [Fact("closed_purse_emptied", None, purse_id, about)], now)


async def _balance(conn: Connection, purse_id: UUID) -> Balance:
    """The locked account of a purse."""
    return (await ledger.lock_accounts(conn, [purse_id])).get(purse_id, Balance())


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Pay out what came by bank card and close the purse of somebody who is erased; its transfers name nobody.

    The provider forgets the bank cards that were kept for it.

    What came in cash must be fetched at a desk first: nobody could have it afterwards.
    """
    purse = await accounts.lock_purse_of(conn, person_id)
    if purse is None:
        return None
    await _send_back(conn, purse, new_id(), now)
    await _forfeit_bonus(conn, purse.id, now)
    given = bonus(purse.id).id
    left = await ledger.lock_accounts(conn, [purse.id, given])
    cents = left.get(purse.id, Balance()).balance_cents
    if cents or left.get(given, Balance()).balance_cents:  # an open order holds of either
        return Refused(Reason.PURSE_NOT_EMPTY, {"left_cents": cents})
    await accounts.close_purse(conn, purse.id, now)
    cards = await payments.methods_of(conn, purse.id)  # locked last: news of payments lock them after accounts too
    await payments.forget(conn, [card.id for card in cards], now)
    return None
