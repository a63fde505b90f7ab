"""Ledger transfers of a till's record: tenders on one side, goods, deposits and tips on the other.

Each till has ledger accounts of its own, so two tills never wait for the same row. Only wallets are shared.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from virage.matchday.food.till.rules.refunds import cash_liability
from virage.money.fiscal.types import PROVEN, REFUNDS, Record, TenderKind
from virage.money.wallet.accounts.types import split
from virage.money.wallet.ledger.types import Account, AccountKind, Transfer, account, bonus, wallet_account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class BookingRefusal(StrEnum):
    """Why an online sale or refund is refused."""

    NOT_YOUR_OUTLET = "not_your_outlet"
    ASKED_BEHIND_OTHERS = "asked_behind_others"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    SALE_UNKNOWN = "sale_unknown"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    CARD_NOT_ACCEPTED = "card_not_accepted"


class RecordKey(NamedTuple):
    """Key of a record. Tills make the ids of their records, so two tills may use the same id."""

    till: UUID
    id: UUID

    def derived_id(self, label: str) -> UUID:
        """Return a deterministic id derived from this record and a label."""
        return named_id(self.till, f"{self.id} {label}")


class Part(NamedTuple):
    """A tender, or the share of one wallet in it. A card tender without a wallet is uncovered.

    `bonus`: paid from the wallet's bonus credit. `counts` False: uncovered refund, which returns nothing of its sale.
    `awaits_cents` of a refund go to the payers once the sale is uploaded: of one that does not count to their wallets,
    of one by terminal to the card payments of readers. `via_clearing`: money of an order-ahead
    order, which moves through the clearing account of the order-ahead till (`rules/order_money.py`). `card_payment`:
    payment at a card reader that brought the money, or gets it back.
    """

    tender: int
    cents: Cents
    wallet_id: UUID | None = None
    card_id: UUID | None = None
    loss_cents: Cents = 0
    loss_reason: str | None = None
    counts: bool = True
    bonus: bool = False
    awaits_cents: Cents = 0
    via_clearing: bool = False
    card_payment: UUID | None = None

    @property
    def payer(self) -> Account | None:
        """The wallet account that is debited or credited."""
        return None if self.wallet_id is None else account_of(self.wallet_id, is_bonus=self.bonus)


class Payer(NamedTuple):
    """Payer of a part: a card, whatever wallet it is linked to; a wallet; or neither, for cash and terminals.

    `card_payment` is the payment at a card reader of the server, to which alone its money returns.
    """

    card_id: UUID | None
    wallet_id: UUID | None
    bonus: bool
    card_payment: UUID | None = None


_BY_HAND: Final = Payer(None, None, bonus=False)


class BookedPart(NamedTuple):
    """Stored part of a sale or refund."""

    key: RecordKey
    payer: Payer
    cents: Cents
    loss_cents: Cents
    refund_of: RecordKey | None


class PendingRefund(NamedTuple):
    """Refund of a sale that is not uploaded yet; `part` is the next free part number of the refund.

    `by_terminal`: it counts as paid out by hand, unless payments at card readers turn out to have paid the sale.
    """

    key: RecordKey
    of: RecordKey
    tender: int
    part: int
    cents: Cents
    by_terminal: bool


def till_account(kind: AccountKind, till: UUID) -> Account:
    """Return an account that only this till moves."""
    return account(kind, str(till))


def revenue(till: UUID, vat_permille: int) -> Account:
    """Return the revenue account of a till at one VAT rate, VAT included."""
    return account(AccountKind.REVENUE, f"{till}:{vat_permille}")


def account_of(wallet_id: UUID, *, is_bonus: bool) -> Account:
    """Return the account of a wallet, or of its bonus credit."""
    return bonus(wallet_id) if is_bonus else wallet_account(wallet_id)


def key_of(record: Record) -> RecordKey:
    """Return the key of a record."""
    return RecordKey(record.till, record.id)


def sale_of(record: Record) -> RecordKey | None:
    """Return the sale of a refund; None for other kinds, even if they name one by mistake."""
    if record.refund_of is None or record.kind not in REFUNDS:
        return None
    return RecordKey(record.refund_of.till, record.refund_of.record)


def tap_id_of(hash_: str, till: UUID, tender: int) -> UUID:
    """Return the id of the tap that pays a tender, derived from the record's bytes: no other record can use the tap."""
    return named_id(till, f"{hash_} tap {tender}")


def available_of(wallet_id: UUID, available: Mapping[UUID, Cents]) -> Cents:
    """Return the available balance of a wallet, bonus credit included."""
    return sum(available.get(account_of(wallet_id, is_bonus=is_bonus).id, 0) for is_bonus in (False, True))


def bonus_limit(record: Record) -> Cents:
    """Return how much of a sale bonus credit may pay: all but deposits and tip, which can be paid out in cash."""
    return max(0, sum(tender.cents for tender in record.tenders) - cash_liability(record, ()))


def pay_part(
    part: Part, available: Mapping[UUID, Cents], *, bonus_limit_cents: Cents, has_happened: bool
) -> tuple[Part, ...] | Refused:
    """Split a card's part of a sale over bonus credit and wallet balance.

    `bonus_limit_cents` is how much of the sale bonus credit may still pay. A shortfall is a loss of the operator if the
    sale has happened; otherwise the sale is refused.
    """
    if part.wallet_id is None or part.cents <= 0:
        return (part,)
    given, own = bonus(part.wallet_id).id, part.wallet_id
    of_bonus = max(0, min(bonus_limit_cents, available.get(given, 0)))
    shares = split(part.cents, of_bonus, available.get(own, 0))
    if shares.lacking_cents and not has_happened:
        return Refused(BookingRefusal.INSUFFICIENT_FUNDS, {"available_cents": of_bonus + available.get(own, 0)})
    parts = []
    if shares.bonus_cents:
        parts.append(part._replace(cents=shares.bonus_cents, bonus=True))
    if shares.wallet_cents or shares.lacking_cents:
        reason = BookingRefusal.INSUFFICIENT_FUNDS if shares.lacking_cents else None
        whole = shares.wallet_cents + shares.lacking_cents
        parts.append(part._replace(cents=whole, loss_cents=shares.lacking_cents, loss_reason=reason))
    return tuple(parts)


def balances_after(parts: Sequence[Part], available: Mapping[UUID, Cents]) -> dict[UUID, Cents]:
    """Return the available balances of the accounts after these parts."""
    left: dict[UUID, Cents] = {}
    for part in parts:
        if part.payer is not None:
            account_id = part.payer.id
            left[account_id] = left.get(account_id, available.get(account_id, 0)) - part.cents + part.loss_cents
    return left


def sale_parts(
    record: Record, parts: Sequence[Part], available: Mapping[UUID, Cents], *, has_happened: bool
) -> tuple[Part, ...] | Refused:
    """Assign all parts of a sale to accounts, in the order of the tenders."""
    wallet_ids = {part.wallet_id for part in parts if part.wallet_id is not None}
    accounts = [account_of(wallet_id, is_bonus=is_bonus).id for wallet_id in wallet_ids for is_bonus in (False, True)]
    left = {account_id: available.get(account_id, 0) for account_id in accounts}
    bonus_limit_cents, paid = bonus_limit(record), list[Part]()
    for part in parts:
        found = pay_part(part, left, bonus_limit_cents=bonus_limit_cents, has_happened=has_happened)
        if isinstance(found, Refused):
            return found
        bonus_limit_cents -= sum(paid_part.cents for paid_part in found if paid_part.bonus)
        left |= balances_after(found, left)
        paid += found
    return tuple(paid)


def transfers(record: Record, parts: Sequence[Part]) -> list[Transfer]:
    """Return the transfers of a record, with deterministic ids. Wrong totals go to the till's loss account."""
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
        Transfer(key.derived_id(f"transfer {number}"), debit, credit, cents, purpose, record.id)
        for number, (debit, credit, cents) in enumerate(_pair_off(signed))
    ]


def _till_side(record: Record, part: Part) -> Account:
    kind = record.tenders[part.tender].kind
    if part.via_clearing:
        return till_account(AccountKind.CLEARING, record.till)
    if _is_uncovered(record, part):
        return till_account(AccountKind.LOSS, record.till)
    return till_account(AccountKind.CASH if kind is TenderKind.CASH else AccountKind.TERMINAL, record.till)


def _pair_off(signed: Mapping[Account, Cents]) -> list[tuple[Account, Account, Cents]]:
    """Pair debits with credits so that each account moves by its amount, with fewer transfers than accounts."""
    left = dict(signed)
    debits, credits_ = (
        [account for account in left if left[account] < 0],
        [account for account in left if left[account] > 0],
    )
    moves: list[tuple[Account, Account, Cents]] = []
    while debits and credits_:
        debit, credit = debits[-1], credits_[-1]
        cents = min(-left[debit], left[credit])
        moves.append((debit, credit, cents))
        left[debit] += cents
        left[credit] -= cents
        for side in (debits, credits_):
            if not left[side[-1]]:
                side.pop()
    return moves


def payer_of(part: Part) -> Payer:
    """Return the payer of a part. The card is kept rather than the wallet, because it may be linked to another one."""
    return Payer(part.card_id, None if part.card_id else part.wallet_id, part.bonus, part.card_payment)


def booked_parts(record: Record, parts: Sequence[Part]) -> list[BookedPart]:
    """Return the parts of a record that is being booked, as later refunds need them."""
    key, sale = key_of(record), sale_of(record)
    return [BookedPart(key, payer_of(part), part.cents if part.counts else 0, part.loss_cents, sale) for part in parts]


def loss_of(record: Record, parts: Sequence[Part]) -> Cents:
    """Return the loss of a record in cents: its total less the money received; below zero for an uncovered refund.

    A card refund of a sale that is not uploaded yet counts as paid out; `settle` books the difference later.
    """
    came_in = sum(part.cents - part.loss_cents for part in parts if not _is_uncovered(record, part))
    waits = sum(part.awaits_cents for part in parts if not part.counts)
    return record.total_cents + record.tip_cents - came_in + waits


def _is_uncovered(record: Record, part: Part) -> bool:
    return part.wallet_id is None and not part.via_clearing and record.tenders[part.tender].kind in PROVEN


def remaining_by_payer(sale: RecordKey, booked: Sequence[BookedPart]) -> dict[Payer, Cents]:
    """Return the paid and not refunded amount of a sale by payer; bonus credit, which is spent first, comes last."""
    left: dict[Payer, Cents] = {}
    for part in booked:
        if sale in (part.key, part.refund_of):
            left[part.payer] = left.get(part.payer, 0) + part.cents - part.loss_cents
    return dict(sorted(left.items(), key=lambda item: item[0].bonus))


def _wallet_payers(left: Mapping[Payer, Cents]) -> list[Payer]:
    return [payer for payer in left if payer.card_id or payer.wallet_id]


def refund_parts(
    record: Record, booked: Sequence[BookedPart], wallets: Mapping[UUID, UUID], *, cash_liability_cents: Cents
) -> list[Part]:
    """Return the parts of a refund: card tenders go to the wallets that the paying cards are linked to now.

    Each payer gets at most what it paid. `wallets` are the wallets by card. `cash_liability_cents` is the part of the
    sale that can be paid out in cash (`cash_liability`) after this refund. The rest is uncovered, or waits for an
    unknown sale.
    """
    sale = sale_of(record)
    left = {} if sale is None else remaining_by_payer(sale, booked)
    is_uploaded = any(part.key == sale for part in booked)
    parts: list[Part] = []
    for at, tender in enumerate(record.tenders):
        if tender.kind not in PROVEN or tender.cents >= 0:
            is_terminal = tender.kind is TenderKind.TERMINAL and tender.cents < 0
            back = _refund_to_readers(at, -tender.cents, left) if is_terminal else []
            for part in back:
                left[payer_of(part)] += part.cents
            by_hand = tender.cents - sum(part.cents for part in back)
            left[_BY_HAND] = left.get(_BY_HAND, 0) + min(0, by_hand)
            awaits = -by_hand if is_terminal and sale is not None and not is_uploaded else 0
            parts += back if back and not by_hand else [*back, Part(at, by_hand, awaits_cents=awaits)]
    for at, tender in enumerate(record.tenders):
        if tender.kind in PROVEN and tender.cents < 0:
            given = _refund_to_wallets(at, -tender.cents, left, wallets, cash_liability_cents)
            for part in given:
                left[payer_of(part)] += part.cents
            parts += given
            rest = -tender.cents + sum(part.cents for part in given)
            if rest:
                awaits = rest if sale is not None and not is_uploaded else 0
                parts.append(Part(at, -rest, counts=False, awaits_cents=awaits))
    return parts


def _refund_to_readers(tender: int, wanted: Cents, left: Mapping[Payer, Cents]) -> list[Part]:
    """Return parts of a terminal's refund that return to the payments at card readers, each at most what it has left.

    Together they get at most what is left of the sale, because a till may have refunded part of it in cash. What
    remains is refunded by a terminal of its own, by hand.
    """
    parts, rest = list[Part](), min(wanted, sum(left.values()))
    for payer, cents in left.items():
        part = min(rest, cents)
        if payer.card_payment is not None and part > 0:
            parts.append(Part(tender, -part, card_payment=payer.card_payment))
            rest -= part
    return parts


def _refund_to_wallets(
    tender: int, wanted: Cents, left: Mapping[Payer, Cents], wallets: Mapping[UUID, UUID], cash_liability_cents: Cents
) -> list[Part]:
    """Return parts onto the payers' wallets, each at most what it has left.

    Together they get at most what is left of the sale, because a till may have refunded part of it in cash.
    The wallet's own money is refunded before bonus credit, except what paid for tip and open deposits: these are paid
    out in cash, and bonus credit must never become cash.
    """
    parts, rest = list[Part](), dict(left)
    wanted = min(wanted, sum(left.values()))
    own = [payer for payer in _wallet_payers(left) if not payer.bonus]
    given = [payer for payer in _wallet_payers(left) if payer.bonus]
    first = min(wanted, _own_money_first(left, cash_liability_cents))
    for payer, most in [*((payer, first) for payer in own), *((payer, wanted) for payer in (*given, *own))]:
        taken = sum(-part.cents for part in parts)
        wallet_id = payer.wallet_id if payer.card_id is None else wallets.get(payer.card_id)
        cents = max(0, min(most - taken, rest[payer]))
        if cents and wallet_id is not None:
            rest[payer] -= cents
            parts.append(Part(tender, -cents, wallet_id, payer.card_id, bonus=payer.bonus))
    return parts


def _own_money_first(left: Mapping[Payer, Cents], cash_liability_cents: Cents) -> Cents:
    """Return how much of the payers' own money is refunded before bonus credit: all but tip and open deposits."""
    own = sum(cents for payer, cents in left.items() if not payer.bonus)
    has_bonus = any(cents > 0 for payer, cents in left.items() if payer.bonus)
    return max(0, own - cash_liability_cents if has_bonus else own)


def settle(
    pending: PendingRefund, booked: Sequence[BookedPart], wallets: Mapping[UUID, UUID], *, cash_liability_cents: Cents
) -> tuple[list[Part], list[Transfer]]:
    """Return parts and transfers of a refund that was uploaded before its sale, now that the sale is booked.

    What a terminal refunded by hand becomes a refund to the payments at card readers: the till's terminal has paid both
    ways, so that no transfer is needed.
    """
    left = remaining_by_payer(pending.of, booked)
    if pending.by_terminal:
        left[_BY_HAND] += pending.cents  # counted as paid out by hand until now
        back = _refund_to_readers(pending.tender, pending.cents, left)
        by_hand = [Part(pending.tender, -sum(part.cents for part in back))] if back else []
        return [*back, *by_hand], []
    parts = _refund_to_wallets(pending.tender, pending.cents, left, wallets, cash_liability_cents)
    kept = till_account(AccountKind.LOSS, pending.key.till)
    moved = [
        Transfer(
            pending.key.derived_id(f"settled {pending.part + number}"),
            kept,
            account_of(part.wallet_id, is_bonus=part.bonus),
            -part.cents,
            "refund",
            pending.key.id,
        )
        for number, part in enumerate(parts)
        if part.wallet_id is not None
    ]
    return parts, moved


def refund_refusal(
    record: Record, booked: Sequence[BookedPart], *, cash_liability_cents: Cents
) -> BookingRefusal | None:
    """Return why a refund is refused: above what is left of its sale, or to a card that did not pay.

    Card payments are refunded by card, so that bonus credit and bank-card top-ups never become cash.
    `cash_liability_cents` limits the cash refund for the same reason.
    """
    sale = sale_of(record)
    by_card = -sum(tender.cents for tender in record.tenders if tender.kind in PROVEN)
    if sale is None:
        return BookingRefusal.CARD_NOT_ACCEPTED if by_card else None
    if not any(part.key == sale for part in booked):
        return BookingRefusal.SALE_UNKNOWN
    left = remaining_by_payer(sale, booked)
    paid = _wallet_payers(left)
    if by_card and not paid:
        return BookingRefusal.CARD_NOT_ACCEPTED
    requested = -sum(tender.cents for tender in record.tenders)
    in_all, of_cards = sum(left.values()), sum(left[payer] for payer in paid)
    by_hand_most = max(0, min(in_all - of_cards, _own_money_first(left, cash_liability_cents)))
    is_more = requested > in_all or by_card > of_cards or requested - by_card > by_hand_most
    in_cash = -sum(tender.cents for tender in record.tenders if tender.kind is TenderKind.CASH)
    of_readers = sum(cents for payer, cents in left.items() if payer.card_payment is not None)
    if of_readers and in_cash > max(0, in_all - of_cards - of_readers):  # a bank card's money never becomes cash
        is_more = True
    return BookingRefusal.REFUND_EXCEEDS_SALE if is_more else None
