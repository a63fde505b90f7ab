"""What a till's record does to the books: its tenders on one side, what was sold on the other.

All accounts of a till are its own, so that no two tills ever wait for the same row; purses alone are shared.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from virage.matchday.food.till.rules.refunds import as_cash
from virage.money.fiscal.types import PROVEN, REFUNDS, Record, TenderKind
from virage.money.wallet.accounts.types import split
from virage.money.wallet.ledger.types import Account, AccountKind, Transfer, account, bonus, wallet_account
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class Reason(StrEnum):
    """Why a sale or a refund is not booked as it was asked for."""

    NOT_YOUR_OUTLET = "not_your_outlet"
    ASKED_BEHIND_OTHERS = "asked_behind_others"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    SALE_UNKNOWN = "sale_unknown"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    CARD_NOT_ACCEPTED = "card_not_accepted"


class RecordKey(NamedTuple):
    """Which record: a till makes the ids of its own records, and another one may have the same."""

    till: UUID
    id: UUID

    def made(self, what: str) -> UUID:
        """The id of something that a record does, the same each time and no other record's."""
        return uuid5(self.till, f"{self.id} {what}")


class Part(NamedTuple):
    """A tender, or what one purse has in it: whose money it is. Without a purse a card's money is nobody's.

    `bonus`: it is of the purse's bonus credit. `counts` False: it went to nobody, so it gives nothing of its sale back;
    `awaits_cents` of it go to whoever paid the sale, once the sale is known. `passes`: it is an order's, whose money
    passes an account of the till of the house (`rules/order_money.py`); nothing that a till at a counter says does.
    """

    tender: int
    cents: Cents
    purse_id: UUID | None = None
    card_id: UUID | None = None
    loss_cents: Cents = 0
    loss_reason: str | None = None
    counts: bool = True
    bonus: bool = False
    awaits_cents: Cents = 0
    passes: bool = False

    @property
    def payer(self) -> Account | None:
        """The account of a purse that it moves."""
        return None if self.purse_id is None else account_of(self.purse_id, is_bonus=self.bonus)


class Payer(NamedTuple):
    """Who paid: a card, whichever purse it stands on; a purse without one; with neither it was cash or a terminal."""

    card_id: UUID | None
    purse_id: UUID | None
    bonus: bool


_BY_HAND: Final = Payer(None, None, bonus=False)


class Booked(NamedTuple):
    """A part of a sale or of a refund as it is stored."""

    key: RecordKey
    payer: Payer
    cents: Cents
    loss_cents: Cents
    refund_of: RecordKey | None


class Awaiting(NamedTuple):
    """What a refund gives by card of a sale that was not known; `part` is the next free one of its bookings."""

    key: RecordKey
    of: RecordKey
    tender: int
    part: int
    cents: Cents


def till_account(kind: AccountKind, till: UUID) -> Account:
    """An account that one till alone moves."""
    return account(kind, str(till))


def revenue(till: UUID, vat_permille: int) -> Account:
    """What a till sold at one rate of VAT, VAT included."""
    return account(AccountKind.REVENUE, f"{till}:{vat_permille}")


def account_of(purse_id: UUID, *, is_bonus: bool) -> Account:
    """A purse, or its bonus credit."""
    return bonus(purse_id) if is_bonus else wallet_account(purse_id)


def key_of(record: Record) -> RecordKey:
    """Which record it is."""
    return RecordKey(record.till, record.id)


def sale_of(record: Record) -> RecordKey | None:
    """Which sale a refund gives back. What else names one, told with its defect, gives nothing back."""
    if record.refund_of is None or record.kind not in REFUNDS:
        return None
    return RecordKey(record.refund_of.till, record.refund_of.record)


def tap_id(hash_: str, till: UUID, tender: int) -> UUID:
    """The id of the tap that pays a tender: of these very bytes of this till, so that no other record has the tap."""
    return uuid5(till, f"{hash_} tap {tender}")


def available_of(purse_id: UUID, available: Mapping[UUID, Cents]) -> Cents:
    """What may be spent of a purse, bonus credit included."""
    return sum(available.get(account_of(purse_id, is_bonus=is_bonus).id, 0) for is_bonus in (False, True))


def goods_of(record: Record) -> Cents:
    """What bonus credit may pay of a sale: all but what leaves the house as cash, its cups and its tip."""
    return max(0, sum(tender.cents for tender in record.tenders) - as_cash(record, ()))


def pay(
    part: Part, available: Mapping[UUID, Cents], *, goods_cents: Cents, has_happened: bool
) -> tuple[Part, ...] | Refused:
    """Whose money a card's part of a sale is, by what accounts have available.

    `goods_cents` is what bonus credit may still pay of the sale. What the purse lacks is the house's loss where the
    sale has happened, and refuses it else.
    """
    if part.purse_id is None or part.cents <= 0:
        return (part,)
    given, own = bonus(part.purse_id).id, part.purse_id
    of_bonus = max(0, min(goods_cents, available.get(given, 0)))
    shares = split(part.cents, of_bonus, available.get(own, 0))
    if shares.lacking_cents and not has_happened:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": of_bonus + available.get(own, 0)})
    parts = []
    if shares.bonus_cents:
        parts.append(part._replace(cents=shares.bonus_cents, bonus=True))
    if shares.wallet_cents or shares.lacking_cents:
        reason = Reason.INSUFFICIENT_FUNDS if shares.lacking_cents else None
        whole = shares.wallet_cents + shares.lacking_cents
        parts.append(part._replace(cents=whole, loss_cents=shares.lacking_cents, loss_reason=reason))
    return tuple(parts)


def after(parts: Sequence[Part], available: Mapping[UUID, Cents]) -> dict[UUID, Cents]:
    """What the accounts that parts move have available after them."""
    left: dict[UUID, Cents] = {}
    for part in parts:
        if part.payer is not None:
            account_id = part.payer.id
            left[account_id] = left.get(account_id, available.get(account_id, 0)) - part.cents + part.loss_cents
    return left


def parts_of_sale(
    record: Record, parts: Sequence[Part], available: Mapping[UUID, Cents], *, has_happened: bool
) -> tuple[Part, ...] | Refused:
    """Whose money all parts of a sale are: each takes what the ones before it left, in the order of the tenders."""
    purse_ids = {part.purse_id for part in parts if part.purse_id is not None}
    accounts = [account_of(purse_id, is_bonus=is_bonus).id for purse_id in purse_ids for is_bonus in (False, True)]
    left = {account_id: available.get(account_id, 0) for account_id in accounts}
    goods_cents, paid = goods_of(record), list[Part]()
    for part in parts:
        found = pay(part, left, goods_cents=goods_cents, has_happened=has_happened)
        if isinstance(found, Refused):
            return found
        goods_cents -= sum(one.cents for one in found if one.bonus)
        left |= after(found, left)
        paid += found
    return tuple(paid)


def transfers(record: Record, parts: Sequence[Part]) -> list[Transfer]:
    """The transfers of a record, the same ids each time. What does not add up in it is the house's loss or gain."""
    signed: dict[Account, Cents] = {}

    def add(to: Account, cents: Cents) -> None:
        signed[to] = signed.get(to, 0) + cents

    for part in parts:
        add(part.payer or _till_side(record, part), part.loss_cents - part.cents)
        add(till_account(AccountKind.LOSS, record.till), -part.loss_cents)
    for line in record.lines:
        deposit = till_account(AccountKind.DEPOSITS, record.till)
        add(deposit if line.deposit else revenue(record.till, line.vat_permille), line.cents)
    add(till_account(AccountKind.TIPS, record.till), record.tip_cents)
    add(till_account(AccountKind.LOSS, record.till), -sum(signed.values()))
    purpose = "refund" if record.kind in REFUNDS else "sale"
    key = key_of(record)
    return [
        Transfer(key.made(f"transfer {number}"), debit, credit, cents, purpose, record.id)
        for number, (debit, credit, cents) in enumerate(_matched(signed))
    ]


def _till_side(record: Record, part: Part) -> Account:
    kind = record.tenders[part.tender].kind
    if part.passes:
        return till_account(AccountKind.CLEARING, record.till)
    if _is_nobodys(record, part):
        return till_account(AccountKind.LOSS, record.till)
    return till_account(AccountKind.CASH if kind is TenderKind.CASH else AccountKind.TERMINAL, record.till)


def _matched(signed: Mapping[Account, Cents]) -> list[tuple[Account, Account, Cents]]:
    """Who gives how much to whom, so that each account moves by what is said; fewer transfers than accounts."""
    left = dict(signed)
    givers, takers = [one for one in left if left[one] < 0], [one for one in left if left[one] > 0]
    moves: list[tuple[Account, Account, Cents]] = []
    while givers and takers:
        debit, credit = givers[-1], takers[-1]
        cents = min(-left[debit], left[credit])
        moves.append((debit, credit, cents))
        left[debit] += cents
        left[credit] -= cents
        for side in (givers, takers):
            if not left[side[-1]]:
                side.pop()
    return moves


def payer_of(part: Part) -> Payer:
    """Who a part is remembered as: a card goes before the purse, for it may come onto another one."""
    return Payer(part.card_id, None if part.card_id else part.purse_id, part.bonus)


def booked_of(record: Record, parts: Sequence[Part]) -> list[Booked]:
    """What refunds must know of a record that is being booked."""
    key, sale = key_of(record), sale_of(record)
    return [Booked(key, payer_of(one), one.cents if one.counts else 0, one.loss_cents, sale) for one in parts]


def lost_of(record: Record, parts: Sequence[Part]) -> Cents:
    """What a record says that it brought, less what came in for it; below zero where a refund gives to nobody.

    What a refund gives by card of a sale that is not known counts as given: once it is, `settle` tells the rest.
    """
    came_in = sum(part.cents - part.loss_cents for part in parts if not _is_nobodys(record, part))
    waits = sum(part.awaits_cents for part in parts)
    return record.total_cents + record.tip_cents - came_in + waits


def _is_nobodys(record: Record, part: Part) -> bool:
    return part.purse_id is None and not part.passes and record.tenders[part.tender].kind in PROVEN


def left_of(sale: RecordKey, booked: Sequence[Booked]) -> dict[Payer, Cents]:
    """What was really paid for a sale and not given back, by who paid; bonus credit, spent first, comes last."""
    left: dict[Payer, Cents] = {}
    for one in booked:
        if sale in (one.key, one.refund_of):
            left[one.payer] = left.get(one.payer, 0) + one.cents - one.loss_cents
    return dict(sorted(left.items(), key=lambda item: item[0].bonus))


def _paid_by_purse(left: Mapping[Payer, Cents]) -> list[Payer]:
    return [payer for payer in left if payer.card_id or payer.purse_id]


def refund_parts(
    record: Record, booked: Sequence[Booked], purses: Mapping[UUID, UUID], *, as_cash_cents: Cents
) -> list[Part]:
    """A refund's parts: by card, onto the purses on which the cards now stand that paid, each at most what it paid.

    `purses` are those of the cards; `as_cash_cents` is what of the sale leaves as cash (`as_cash`) after this refund.
    What a refund gives beyond that goes to nobody; where its sale is not known, it waits for it.
    """
    sale = sale_of(record)
    left = {} if sale is None else left_of(sale, booked)
    is_known = any(one.key == sale for one in booked)
    parts: list[Part] = []
    for at, tender in enumerate(record.tenders):
        if tender.kind not in PROVEN or tender.cents >= 0:
            left[_BY_HAND] = left.get(_BY_HAND, 0) + min(0, tender.cents)
            parts.append(Part(at, tender.cents))
    for at, tender in enumerate(record.tenders):
        if tender.kind in PROVEN and tender.cents < 0:
            given = _given_back(at, -tender.cents, left, purses, as_cash_cents)
            for part in given:
                left[payer_of(part)] += part.cents
            parts += given
            rest = -tender.cents + sum(part.cents for part in given)
            if rest:
                awaits = rest if sale is not None and not is_known else 0
                parts.append(Part(at, -rest, counts=False, awaits_cents=awaits))
    return parts


def _given_back(
    tender: int, wanted: Cents, left: Mapping[Payer, Cents], purses: Mapping[UUID, UUID], as_cash_cents: Cents
) -> list[Part]:
    """Parts onto the purses of who paid, at most what each of them has left.

    All of them together get at most what is left of the sale: a till may have told that it gave some of it by hand.
    Purses get back first, but what paid the tip and the cups that are still out: whoever brings them has it in cash,
    and else what the house gave would become cash.
    """
    parts, rest = list[Part](), dict(left)
    wanted = min(wanted, sum(left.values()))
    own = [payer for payer in _paid_by_purse(left) if not payer.bonus]
    given = [payer for payer in _paid_by_purse(left) if payer.bonus]
    first = min(wanted, _own_less_cash(left, as_cash_cents))
    for payer, most in [*((one, first) for one in own), *((one, wanted) for one in (*given, *own))]:
        taken = sum(-part.cents for part in parts)
        purse_id = payer.purse_id if payer.card_id is None else purses.get(payer.card_id)
        cents = max(0, min(most - taken, rest[payer]))
        if cents and purse_id is not None:
            rest[payer] -= cents
            parts.append(Part(tender, -cents, purse_id, payer.card_id, bonus=payer.bonus))
    return parts


def _own_less_cash(left: Mapping[Payer, Cents], as_cash_cents: Cents) -> Cents:
    """What goes back of the fans' own money before what the house gave: all but what leaves as cash."""
    own = sum(cents for payer, cents in left.items() if not payer.bonus)
    has_bonus = any(cents > 0 for payer, cents in left.items() if payer.bonus)
    return max(0, own - as_cash_cents if has_bonus else own)


def settle(
    awaiting: Awaiting, booked: Sequence[Booked], purses: Mapping[UUID, UUID], *, as_cash_cents: Cents
) -> tuple[list[Part], list[Transfer]]:
    """What a refund that was told before its sale gives now that the sale is booked; its till has kept it since."""
    parts = _given_back(awaiting.tender, awaiting.cents, left_of(awaiting.of, booked), purses, as_cash_cents)
    kept = till_account(AccountKind.LOSS, awaiting.key.till)
    moved = [
        Transfer(
            awaiting.key.made(f"settled {awaiting.part + number}"),
            kept,
            account_of(part.purse_id, is_bonus=part.bonus),
            -part.cents,
            "refund",
            awaiting.key.id,
        )
        for number, part in enumerate(parts)
        if part.purse_id is not None
    ]
    return parts, moved


def refuse_refund(record: Record, booked: Sequence[Booked], *, as_cash_cents: Cents) -> Reason | None:
    """Why a refund is more than its sale brought, less what went back before, or goes to a card that paid nothing.

    What came by card goes back by card: out of a drawer, what the house gave and what a bank card loaded would be cash.
    So would it where the drawer gave back what paid for what leaves as cash (`as_cash_cents`), and that again.
    """
    sale = sale_of(record)
    by_card = -sum(tender.cents for tender in record.tenders if tender.kind in PROVEN)
    if sale is None:
        return Reason.CARD_NOT_ACCEPTED if by_card else None
    if not any(one.key == sale for one in booked):
        return Reason.SALE_UNKNOWN
    left = left_of(sale, booked)
    paid = _paid_by_purse(left)
    if by_card and not paid:
        return Reason.CARD_NOT_ACCEPTED
    asked = -sum(tender.cents for tender in record.tenders)
    in_all, of_cards = sum(left.values()), sum(left[payer] for payer in paid)
    by_hand_most = max(0, min(in_all - of_cards, _own_less_cash(left, as_cash_cents)))
    is_more = asked > in_all or by_card > of_cards or asked - by_card > by_hand_most
    return Reason.REFUND_EXCEEDS_SALE if is_more else None
