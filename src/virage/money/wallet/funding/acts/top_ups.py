"""Top-ups by bank card, payouts, and closing of wallets."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.payments import api as payments
from virage.money.payments.types import FAILED, PaymentIntent, RefundRequest
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.types import Wallet
from virage.money.wallet.funding.refundable import refundable
from virage.money.wallet.funding.rules import bonus as bonus_rules
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.disputes import disputed
from virage.money.wallet.funding.rules.top_ups import PURPOSE, Limits, Reason, TopUp
from virage.money.wallet.funding.store import top_ups as store
from virage.money.wallet.funding.store.proceeds import pay_out_proceeds
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection, Contended
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

PAYS_FOR: Final = timedelta(minutes=15)


class TopUpRequest(Struct, frozen=True):
    """Request of a top-up. The browser creates `id` and `payment_id`, so a repeated request is one top-up.

    Another `payment_id` for the same `id` is refused: each attempt is a new top-up.
    """

    id: UUID
    payment_id: UUID
    cents: Cents


class PaidOut(Struct, frozen=True):
    """Result of a payout: cents refunded to bank cards, and cents left for a desk."""

    cents: Cents
    left_cents: Cents


async def top_up(
    conn: Connection, owner_id: UUID, wish: TopUpRequest, *, limits: Limits, return_url: str, now: datetime
) -> PaymentIntent | Refused | None:
    """Begin a top-up; return the payment to start, or None if it is captured already."""
    await accounts.ensure_wallet(conn, owner_id, now)
    wallet = await accounts.lock_wallet_of(conn, owner_id)
    refusal = Refused(Reason.WALLET_FROZEN) if wallet is None else await _begin(conn, wallet, wish, limits, now)
    if refusal is not None:
        return refusal
    start = PaymentIntent(wish.payment_id, PURPOSE, wish.id, wish.cents, return_url, now + PAYS_FOR)
    begun = (await payments.begin(conn, [start], now))[0]
    if isinstance(begun, Refused):
        return begun
    if begun.state in FAILED:
        return Refused(Reason.PAYMENT_FAILED, {"reason": begun.reason})
    return None if begun.captured_cents is not None else start


async def _begin(conn: Connection, wallet: Wallet, wish: TopUpRequest, limits: Limits, now: datetime) -> Refused | None:
    """Insert a top-up of a locked wallet; a repeated request changes nothing."""
    top_up = TopUp(wish.id, wallet.id, wish.payment_id, wish.cents)
    known = (await store.top_ups(conn, [wish.id])).get(wish.id)
    if known is not None:
        return None if known == top_up else Refused(Reason.TOP_UP_ID_TAKEN)
    open_cents = (await open_top_ups(conn, [wallet.id], now))[wallet.id]
    balance = await _balance(conn, wallet.id)
    refusal = rules.may_top_up(wallet, balance.balance_cents, open_cents, wish.cents, limits)
    if refusal is not None:
        return refusal
    if not await store.insert_top_up(conn, top_up, now):
        return Refused(Reason.TOP_UP_ID_TAKEN)
    about = {"purse": wallet.id, "cents": wish.cents}
    await append(conn, [Fact("top_up_begun", wallet.owner_id, wish.id, about)], now)
    return None


async def open_top_ups(conn: Connection, wallet_ids: Sequence[UUID], now: datetime) -> dict[UUID, Cents]:
    """Return the cents of unexpired open payments, by locked wallet."""
    top_ups = await store.recent_top_ups(conn, wallet_ids, now - PAYS_FOR)
    made = await payments.payments(conn, [one.payment_id for one in top_ups])
    of_wallet = {wallet_id: [one for one in top_ups if one.wallet_id == wallet_id] for wallet_id in wallet_ids}
    return {wallet_id: rules.open_cents(mine, made, now) for wallet_id, mine in of_wallet.items()}


async def pay_out(conn: Connection, owner_id: UUID, payout_id: UUID, now: datetime) -> PaidOut | Refused:
    """Refund the balance to the bank cards that paid it, once per id."""
    wallet = await accounts.lock_wallet_of(conn, owner_id)
    if wallet is None:
        return Refused(Reason.NOTHING_TO_PAY_OUT)
    known = await store.payout(conn, payout_id)
    if known is not None:
        left = (await _balance(conn, wallet.id)).available_cents
        return PaidOut(known[1], left) if known[0] == wallet.id else Refused(Reason.NOTHING_TO_PAY_OUT)
    paid_out = await _send_back(conn, wallet, payout_id, now)
    if paid_out.cents == 0:
        return Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": paid_out.left_cents})
    await append(conn, [Fact("payout_asked", owner_id, payout_id, {"purse": wallet.id, "cents": paid_out.cents})], now)
    return paid_out


async def _send_back(conn: Connection, wallet: Wallet, payout_id: UUID, now: datetime) -> PaidOut:
    """Post the payout of a locked wallet and request its refunds."""
    available = (await _balance(conn, wallet.id)).available_cents
    shares = rules.shares(await refundable(conn, wallet.id), available)
    cents = sum(share.cents for share in shares)
    if not shares or not await store.insert_payout(conn, payout_id, wallet.id, cents, now):
        return PaidOut(0, available)
    await pay_out_proceeds(conn, wallet.id, [share for share in shares if share.held_on == rules.TICKET_MONEY])
    requests = [RefundRequest(rules.share_id(payout_id, share), share.payment_id, share.cents) for share in shares]
    for refused in await payments.request_refund(conn, requests, now):
        if isinstance(refused, Refused):
            raise RuntimeError(f"The payout {payout_id} exceeds what was captured: {refused.reason}")  # noqa: TRY004 - it is no type that is wrong
    (posted,) = await ledger.post(conn, [[rules.payout(payout_id, wallet.id, share) for share in shares]], now)
    if isinstance(posted, Refused):
        raise RuntimeError(f"The payout {payout_id} exceeds the balance: {posted.reason}")  # noqa: TRY004 - the same
    return PaidOut(cents, available - cents)


async def _give_up_disputed(conn: Connection, wallet_id: UUID, left_cents: Cents, now: datetime) -> None:
    """Move what is left of disputed top-ups in a locked wallet to unclaimed money; what desks pay out stays."""
    top_ups = await store.top_ups_of_wallet(conn, wallet_id)
    made = await payments.payments(conn, [one.payment_id for one in top_ups])
    kept = disputed(await payments.disputes_of(conn, list(made)))
    if not kept:
        return
    disputed_top_ups = [one for one in top_ups if one.payment_id in kept]
    disputed_cents = sum(one.left_cents for one in rules.paid(disputed_top_ups, made, ()))
    at_desks = sum(max(0, cents) for cents in (await accounts.paid_in_at_desks(conn, wallet_id)).values())
    cents = min(disputed_cents, left_cents - min(left_cents, at_desks))
    if cents:
        (posted,) = await ledger.post(conn, [[rules.unclaimed(new_id(), wallet_id, cents)]], now)
        if isinstance(posted, Refused):
            raise RuntimeError(f"Money of disputed top-ups is not moved: {posted.reason}")


async def _forfeit_bonus(conn: Connection, wallet_id: UUID, now: datetime) -> None:
    """Cancel the bonus credit of an erased person."""
    given = bonus(wallet_id).id
    cents = (await balances_by_id(conn, [given])).get(given, Balance()).available_cents
    if cents:
        (posted,) = await ledger.post(conn, [[bonus_rules.forfeit(new_id(), wallet_id, cents)]], now)
        if isinstance(posted, Refused):
            raise Contended("The bonus was spent meanwhile.")


async def empty_closed(conn: Connection, wallet_id: UUID, now: datetime) -> None:
    """Empty a closed wallet that received money later, for example a refund.

    Bank cards are refunded, bonus credit is cancelled, and the rest moves to the account of unclaimed money.
    """
    wallet = (await accounts.lock_wallets(conn, [wallet_id]))[wallet_id]
    if wallet.frozen_at is None:
        return
    sent = await _send_back(conn, wallet, new_id(), now)
    await _forfeit_bonus(conn, wallet_id, now)
    if sent.left_cents:
        (posted,) = await ledger.post(conn, [[rules.unclaimed(new_id(), wallet_id, sent.left_cents)]], now)
        if isinstance(posted, Refused):
            raise Contended("It was spent meanwhile.")
    if sent.cents or sent.left_cents:
        about = {"sent_back_cents": sent.cents, "unclaimed_cents": sent.left_cents}
        await append(conn, [Fact("closed_purse_emptied", None, wallet_id, about)], now)


async def _balance(conn: Connection, wallet_id: UUID) -> Balance:
    """Lock and return the balance of a wallet."""
    return (await ledger.lock_accounts(conn, [wallet_id])).get(wallet_id, Balance())


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Refund bank cards and close the wallet of an erased person; saved cards are deleted at the provider.

    Cash must be collected at a desk first, because it cannot be withdrawn afterwards. Money of disputed top-ups goes
    to no bank card and becomes unclaimed money, as finance decides about it.
    """
    wallet = await accounts.lock_wallet_of(conn, person_id)
    if wallet is None:
        return None
    sent = await _send_back(conn, wallet, new_id(), now)
    await _give_up_disputed(conn, wallet.id, sent.left_cents, now)
    await _forfeit_bonus(conn, wallet.id, now)
    given = bonus(wallet.id).id
    left = await ledger.lock_accounts(conn, [wallet.id, given])
    cents = left.get(wallet.id, Balance()).balance_cents
    if cents or left.get(given, Balance()).balance_cents:  # an open order holds of either
        return Refused(Reason.WALLET_NOT_EMPTY, {"left_cents": cents})
    await accounts.close_wallet(conn, wallet.id, now)
    cards = await payments.methods_of(conn, wallet.id)  # locked last: news of payments lock them after accounts too
    await payments.forget(conn, [card.id for card in cards], now)
    return None
