"""Who pays what tills sold, and who gets what they gave back: cards, purses, bonus credit, the house's loss."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, field

from virage.matchday.food.till.acts.early import Early, as_cash_after, given, note_early, receipts_of, settle_early
from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Booked, Part, RecordKey, account_of, key_of, sale_of
from virage.matchday.food.till.rules.deviations import Deviation
from virage.matchday.food.till.rules.limits import TillLimits, Took, beyond
from virage.matchday.food.till.rules.refunds import Receipt
from virage.matchday.food.till.store import booking as store
from virage.money.fiscal.types import PROVEN, REFUNDS, Record, TenderKind, Written, check
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import charge
from virage.money.wallet.cards.types import Challenge, Holder, Seen, Shown, Spend, Spent, Tap, TapTaken
from virage.money.wallet.cards.types import Reason as CardReason
from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class Sent(Struct, frozen=True):
    """A record that came from its till, and what was found out about it as it arrived.

    `seen` is what each tender's card proved, and `confirmed` what came of the PIN that was typed for it (None: it was
    right), both by the tender's place. `deviations` are what it says otherwise than the catalogue and the law.
    """

    written: Written
    told: bool
    seen: Mapping[int, Seen | None]
    confirmed: Mapping[int, Refused | None] = {}
    deviations: tuple[Deviation, ...] = ()

    @property
    def record(self) -> Record:
        """What it says."""
        return self.written.record


class Money(Early):
    """What the money of a batch does, by the place of each record in it.

    `left` is what who paid has left, `holders` whose cards were tapped.
    """

    parts: dict[int, list[Part]] = field(default_factory=dict)
    spent: dict[int, list[Spent]] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)
    deviations: dict[int, list[Deviation]] = field(default_factory=dict)
    left: dict[int, Cents] = field(default_factory=dict)
    holders: dict[int, Holder] = field(default_factory=dict)


async def decide(conn: Connection, new: Mapping[int, Sent], limits: TillLimits, now: datetime) -> Money:
    """Whose money each new record moves, and which asks are refused.

    Cards stay locked, then all purses that the batch moves.
    """
    money = Money()
    for at, one in new.items():
        wrong = None if one.told else _wrong(one)
        if wrong is not None:
            money.refused[at] = wrong
    good = {at: one for at, one in new.items() if at not in money.refused}
    refunds = {at: one for at, one in good.items() if one.record.kind in REFUNDS}
    sold = {at: one for at, one in good.items() if at not in refunds}
    told = {at: one for at, one in sold.items() if one.told}
    given_back = sorted({sale for one in refunds.values() if (sale := sale_of(one.record)) is not None})
    before = await store.bookings_of(conn, given_back) if given_back else []
    early = await store.refunds_of(conn, [key_of(one.record) for one in told.values()]) if told else []
    awaiting = await store.awaiting(conn, [key_of(one.record) for one in told.values()]) if early else []
    await _take_cards(conn, sold, money, cap_cents=limits.tap_cap_cents, now=now)
    paying = {at: one for at, one in sold.items() if at not in money.refused}
    purses = await _purses_of(conn, before, (money.parts[at] for at in sold)) if refunds or early else {}
    available = await _available(conn, before, (money.parts[at] for at in paying), purses)
    _pay(paying, money, available)
    receipts = await receipts_of(conn, given_back, early, [new[at].record for at in told])
    for at in told:
        before += rules.booked_of(new[at].record, money.parts[at])
    note_early(early, receipts, money, before, purses)
    before += [one for one in early if one.refund_of not in given_back]
    settle_early(awaiting, receipts, money, before, purses)
    _give_back(refunds, receipts, money, before, purses)
    _note_left(refunds, money, available)
    await _note_deviations(conn, {at: one for at, one in good.items() if one.told}, money, limits)
    return money


def _wrong(one: Sent) -> Refused | None:
    """Why a record that is asked about is refused whoever pays: it does not add up, or deviates."""
    defect = check(one.record)
    if defect is not None or not one.deviations:
        return defect
    return _of(one.deviations[0])


def _of(found: Deviation) -> Refused:
    return Refused(found.reason, found.data if found.line is None else found.data | {"line": found.line})


async def _purses_of(conn: Connection, before: Sequence[Booked], parts: Iterable[Sequence[Part]]) -> dict[UUID, UUID]:
    """The purses on which cards stand that paid what may be given back."""
    paid_by = {one.payer.card_id for one in before} | {part.card_id for some in parts for part in some}
    return await cards.purses_of(conn, [card_id for card_id in paid_by if card_id is not None])


async def _available(
    conn: Connection, before: Sequence[Booked], parts: Iterable[Sequence[Part]], purses: Mapping[UUID, UUID]
) -> dict[UUID, Cents]:
    """What the purses that a batch moves have available, with their bonus credit; all locked, in one order."""
    moved = {part.purse_id for some in parts for part in some} | set(purses.values())
    moved |= {one.payer.purse_id for one in before}
    accounts = [
        account_of(purse_id, is_bonus=is_bonus).id
        for purse_id in moved
        if purse_id is not None
        for is_bonus in (False, True)
    ]
    return await ledger.available(conn, accounts) if accounts else {}


def _pay(sold: Mapping[int, Sent], money: Money, available: dict[UUID, Cents]) -> None:
    """Take what is sold from who pays it: told first, for what they count on is theirs, then in order.

    An ask that is refused takes nothing.
    """
    for at in sorted(sold, key=lambda at: not sold[at].told):
        mine = {part.purse_id for part in money.parts[at] if part.purse_id is not None}
        accounts = [account_of(purse_id, is_bonus=is_bonus).id for purse_id in mine for is_bonus in (False, True)]
        tried = {account_id: available.get(account_id, 0) for account_id in accounts}
        goods_cents = rules.goods_of(sold[at].record)
        parts: list[Part] = []
        for part in money.parts[at]:
            paid = rules.pay(part, tried, goods_cents=goods_cents, has_happened=sold[at].told)
            if isinstance(paid, Refused):
                money.refused[at] = paid
                break
            goods_cents -= sum(one.cents for one in paid if one.bonus)
            parts += paid
        else:
            available.update(tried)
            money.parts[at] = parts
            purse_id = next((part.purse_id for part in parts if part.purse_id is not None), None)
            if purse_id is not None:
                money.left[at] = rules.available_of(purse_id, available)


def _give_back(
    refunds: Mapping[int, Sent],
    receipts: Mapping[RecordKey, Receipt],
    money: Money,
    before: list[Booked],
    purses: Mapping[UUID, UUID],
) -> None:
    """Whose money refunds are: each on what the ones before have left of its sale."""
    for at, one in refunds.items():
        sale = sale_of(one.record)
        receipt = None if sale is None else receipts.get(sale)
        found, parts = given(one.record, receipt, before, purses)
        refusal = None if one.told else _refusal(one.record, receipt, before, found)
        if refusal is not None:
            money.refused[at] = refusal
            continue
        money.deviations[at] = found
        money.parts[at] = parts
        before += rules.booked_of(one.record, parts)
        if receipt is not None:
            receipt.refunds.append(one.record)


def _refusal(
    refund: Record, receipt: Receipt | None, before: Sequence[Booked], found: Sequence[Deviation]
) -> Refused | None:
    """Why a refund that is asked about is not given: for its money, else for its first line that is otherwise."""
    reason = rules.refuse_refund(refund, before, as_cash_cents=as_cash_after(refund, receipt))
    if reason is not None:
        return Refused(reason)
    return _of(found[0]) if found else None


def _note_left(refunds: Mapping[int, Sent], money: Money, available: dict[UUID, Cents]) -> None:
    """What who gets something back has afterwards."""
    for at in refunds:
        for part in money.parts.get(at, ()):
            if part.payer is not None and part.purse_id is not None:
                available[part.payer.id] = available.get(part.payer.id, 0) - part.cents
                money.left[at] = rules.available_of(part.purse_id, available)


async def _note_deviations(conn: Connection, told: Mapping[int, Sent], money: Money, limits: TillLimits) -> None:
    """What tills told that is otherwise than it should be: by the catalogue, the sale, their limits without network."""
    took: dict[UUID, dict[int, Took]] = {}
    for at, one in told.items():
        money.deviations[at] = [*one.deviations, *money.deviations.get(at, ())]
        alone = alone_by_card(one.record, money.parts[at])
        if alone:
            took.setdefault(one.record.till, {})[at] = Took(one.record.moment, alone)
    if not took:
        return
    since = {till: min(one.at for one in of_till.values()) for till, of_till in took.items()}
    earlier = await store.alone_since(conn, since)
    for till, of_till in took.items():
        order = sorted(of_till, key=lambda at: told[at].record.number)
        found = beyond(earlier.get(till, ()), [of_till[at] for at in order], limits)
        for at, deviations in zip(order, found, strict=True):
            money.deviations[at] += deviations


def alone_by_card(record: Record, parts: Sequence[Part]) -> dict[UUID | None, Cents]:
    """What a till that told a sale took from cards, by card."""
    taken: dict[UUID | None, Cents] = {}
    for part in parts:
        if record.tenders[part.tender].kind in PROVEN and part.cents > 0:
            taken[part.card_id] = taken.get(part.card_id, 0) + part.cents
    return taken


async def _take_cards(
    conn: Connection, sold: Mapping[int, Sent], money: Money, *, cap_cents: Cents, now: datetime
) -> None:
    """Take the taps of sales, in the order of their counters, and count what their cards spend today."""
    taken = await _proven(conn, sold, now)
    spends: list[tuple[int, Spend]] = []
    for at, one in sold.items():
        parts = []
        for place, paid in enumerate(one.record.tenders):
            outcome = taken.get((at, place))
            if paid.cents <= 0 or paid.kind not in PROVEN:  # told with its defect, it takes nobody's money
                parts.append(Part(place, paid.cents))
            elif isinstance(outcome, TapTaken):
                parts.append(Part(place, paid.cents, outcome.purse_id, outcome.card_id))
                if outcome.holder is not None:
                    money.holders.setdefault(at, outcome.holder)
                pin = one.confirmed.get(place)
                if pin is not None:
                    money.refused[at] = pin
                confirmed = place in one.confirmed and pin is None
                spends.append((at, Spend(outcome.card_id, paid.cents, confirmed, has_happened=one.told)))
            elif isinstance(outcome, UUID):
                parts.append(Part(place, paid.cents, outcome))
            else:
                refusal = outcome or Refused(CardReason.CARDS_OFF)
                if not one.told:
                    money.refused[at] = refusal
                parts.append(Part(place, paid.cents, loss_cents=paid.cents, loss_reason=str(refusal.reason)))
        money.parts[at] = parts
    await _count(conn, [one for one in spends if one[0] not in money.refused], money, cap_cents=cap_cents, now=now)


async def _proven(
    conn: Connection, sold: Mapping[int, Sent], now: datetime
) -> dict[tuple[int, int], TapTaken | UUID | Refused]:
    """What each card of each sale proves, by the places of both: a tap that was taken, or a purse."""
    tapped: dict[tuple[int, int], Tap] = {}
    charged: dict[tuple[int, int], Shown] = {}
    for at, one in sold.items():
        record = one.record
        for place, paid in enumerate(record.tenders):
            if paid.cents > 0 and place in one.seen:
                tap_id = rules.tap_id(one.written.hash, record.till, place)
                taken_at = record.moment if one.told else None
                tapped[at, place] = Tap(tap_id, one.seen[place], taken_at, pays=True)
            elif paid.cents > 0 and paid.kind is TenderKind.VIRTUAL_CARD:
                asked = Challenge(record.at, paid.cents, record.id, record.outlet, record.till)
                charged[at, place] = Shown(asked, paid.proof or "", told=one.told)
    found: dict[tuple[int, int], TapTaken | UUID | Refused] = {}
    if tapped:
        found |= dict(zip(tapped, await cards.take_taps(conn, list(tapped.values()), now), strict=True))
    if charged:
        found |= dict(zip(charged, await charge(conn, list(charged.values()), now), strict=True))
    return found


async def _count(
    conn: Connection, spends: Sequence[tuple[int, Spend]], money: Money, *, cap_cents: Cents, now: datetime
) -> None:
    """Count what cards spend to their day; whoever asks for more than that is refused, whoever tells has spent it."""
    if not spends:
        return
    found = await cards.count_spends(conn, [spend for _, spend in spends], cap_cents=cap_cents, now=now)
    for (at, _), outcome in zip(spends, found, strict=True):
        if isinstance(outcome, Spent):
            money.spent.setdefault(at, []).append(outcome)
        else:
            money.refused[at] = outcome


def beside(records: Collection[Sent]) -> set[UUID]:
    """Tills whose chains must stand still with the others: those of sales whose refund is told.

    Their sale may be on its way, and then it is booked either before the refund or knowing of it.
    """
    return {sale.till for one in records if one.told and (sale := sale_of(one.record)) is not None}


def rows_of(key: RecordKey, record: Record, parts: Sequence[Part], *, told: bool) -> list[store.Row]:
    """The parts of a record as they are stored."""
    sale = sale_of(record)
    return [
        store.Row(key, number, part, sale, part.cents if told and _is_alone(record, part) else 0)
        for number, part in enumerate(parts)
    ]


def _is_alone(record: Record, part: Part) -> bool:
    return record.tenders[part.tender].kind in PROVEN and part.cents > 0
