"""Book top-ups and payouts at card desks."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.card_readers import api as card_readers
from virage.money.card_readers.types import CardPayment, defect_of, is_reference
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.cards.api import count_spends, locked, take_taps
from virage.money.wallet.cards.types import OwnedCard, Spend, Tap, masked, still_looks
from virage.money.wallet.cards.types import Reason as CardReason
from virage.money.wallet.funding.rules import desk as rules
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskLimits, DeskTransaction, Reason
from virage.money.wallet.funding.rules.desk_records import SignedDeskRecord, is_old
from virage.money.wallet.funding.store import desk as store
from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

NOT_FOUND: Final = Refused(CardReason.CARD_UNKNOWN)


class DeskRequest(Struct, frozen=True):
    """A signed desk record to book. `here`: the till is assigned to the outlet.

    `tap` None: the card was identified by its printed code. `confirmed`: the PIN was correct.
    """

    signed: SignedDeskRecord
    card_id: UUID
    tap: Tap | None
    here: bool = True
    confirmed: bool = False


async def book_at_desk(
    conn: Connection, ask: DeskRequest, limits: DeskLimits, *, cap_cents: Cents, now: datetime
) -> BookedDeskTransaction | Refused:
    """Book a transfer between a till's drawer or terminal and a wallet, once per record."""
    said = ask.signed.said
    paid = await _card_payment(conn, ask)  # before the turn, as news of payments lock it
    await store.lock_turn_of_desk_transaction(conn, said.till, said.id)
    known = await store.desk_transaction(conn, said.till, said.id)
    if known is not None:
        return known if known.body == ask.signed.body else Refused(Reason.LOAD_ID_TAKEN)
    if isinstance(paid, Refused):
        return paid
    owned = (await locked(conn, [ask.card_id])).get(ask.card_id)
    if owned is None:
        return NOT_FOUND
    wallet_id = owned.card.wallet_id
    wish = DeskTransaction(said.id, said.till, wallet_id, ask.card_id, said.cashier, said.cents, said.tender, said.slip)
    refusal = await _refuse_till(conn, ask, wallet_id, now)
    if refusal is None:
        refusal = await _refuse_card(conn, owned, ask, cap_cents=cap_cents, zone=limits.zone, now=now)
    if refusal is None:
        await accounts.lock_wallets(conn, [wallet_id])  # one desk at a time; accounts are locked by the posting
        refusal = rules.refuse(wish, await store.standing(conn, wallet_id, zone=limits.zone, now=now), limits)
    if refusal is not None:
        return refusal
    if paid is not None:
        await card_readers.book(conn, [paid.id], now)
    await store.insert_desk_transaction(conn, wish, ask.signed, now)
    (posted,) = await ledger.post(conn, [[rules.transfer(wish)]], now)
    if isinstance(posted, Refused):
        return posted  # spent at a till meanwhile
    about = {"purse": wish.wallet_id, "till": wish.till_id, "cents": wish.cents}
    await append(conn, [Fact(f"purse_{rules.purpose(wish)}", wish.cashier, wish.id, about)], now)
    return BookedDeskTransaction(wish, now, ask.signed.body)


async def _card_payment(conn: Connection, ask: DeskRequest) -> CardPayment | Refused | None:
    """Return the payment at a card reader that a slip names, locked, or why it does not pay; None for other slips."""
    said = ask.signed.said
    if said.cents <= 0 or said.slip is None or said.tender is not DeskTender.TERMINAL or not is_reference(said.slip):
        return None
    payment = (await card_readers.lock_named(conn, [said.slip])).get(said.slip)
    defect = defect_of(payment, said.till, said.id, said.cents)
    return payment if defect is None else Refused(defect)


async def _refuse_till(conn: Connection, ask: DeskRequest, wallet_id: UUID, now: datetime) -> Refused | None:
    """Refuse a record of another outlet or wallet, an old one, or a cashier without a role there."""
    said = ask.signed.said
    if not ask.here:
        return Refused(Reason.NOT_YOUR_OUTLET)
    if said.purse != masked(wallet_id):
        return Refused(Reason.NOT_THIS_WALLET)
    if is_old(said, now):
        return Refused(Reason.LOAD_TOO_OLD)
    here = await people.may_sell_at(conn, said.cashier, said.outlet, now)
    return None if here else Refused(Reason.CASHIER_NOT_HERE)


async def _refuse_card(
    conn: Connection, owned: OwnedCard, ask: DeskRequest, *, cap_cents: Cents, zone: ZoneInfo, now: datetime
) -> Refused | None:
    """Refuse a card. A payout counts as spending: cap, daily limit and PIN apply.

    An anonymous card has no PIN; its bearer may withdraw the whole balance.
    """
    if ask.tap is None:
        if owned.card.blocked_reason is not None:
            return Refused(CardReason.CARD_BLOCKED, {"reason": owned.card.blocked_reason})
        return None if ask.signed.said.cents > 0 else Refused(Reason.TAP_REQUIRED)
    (outcome,) = await take_taps(conn, [ask.tap], now)
    fresh = outcome if isinstance(outcome, Refused) else still_looks(outcome, now)
    if isinstance(fresh, Refused):
        return fresh
    if ask.signed.said.cents > 0:
        return None
    spend = Spend(owned.card.id, -ask.signed.said.cents, confirmed=ask.confirmed or owned.owner_id is None)
    (spent,) = await count_spends(conn, [spend], cap_cents=cap_cents, zone=zone, now=now)
    return spent if isinstance(spent, Refused) else None
