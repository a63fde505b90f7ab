"""Ledger transfers of an order: hold, void, capture with its sale, refund.

They pass through the clearing account of the outlet's order-ahead till, which is zero between orders: a hold names the
two accounts of its capture, while a sale is credited to one account for each VAT rate.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.matchday.food.till.types import Part, Payer, RecordKey, till_account, transfers
from virage.money.fiscal.types import REFUNDS, Record
from virage.money.wallet.ledger.types import Account, AccountKind, Step, Transfer, bonus, wallet_account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents

PURPOSE: Final = "food_order"


class OrderMoney(Struct, frozen=True):
    """Amounts of an order. `total_cents` includes `bonus_cents` paid with bonus and `deposit_cents` for cups."""

    order_id: UUID
    till_id: UUID
    wallet_id: UUID
    total_cents: Cents
    bonus_cents: Cents
    deposit_cents: Cents

    @property
    def key(self) -> RecordKey:
        """Key of the record of its sale."""
        return RecordKey(self.till_id, self.order_id)

    @property
    def shares(self) -> list[tuple[str, Account, Cents]]:
        """Paying accounts with their amounts."""
        shares = [
            ("bonus", bonus(self.wallet_id), self.bonus_cents),
            ("purse", wallet_account(self.wallet_id), self.total_cents - self.bonus_cents),
        ]
        return [share for share in shares if share[2]]


def hold(money: OrderMoney) -> list[Transfer]:
    """Return the transfers that hold the price of an order."""
    return [_step(money, name, account, cents, Step.HOLD) for name, account, cents in money.shares]


def void(money: OrderMoney) -> list[Transfer]:
    """Return the transfers that release the hold."""
    return [_step(money, name, account, cents, Step.VOID) for name, account, cents in money.shares]


def capture(money: OrderMoney, record: Record) -> list[Transfer]:
    """Return the transfers that capture the hold and book the sale."""
    taken = [_step(money, name, account, cents, Step.CAPTURE) for name, account, cents in money.shares]
    return [*taken, *transfers(record, _passing(record))]


def refund_transfers(money: OrderMoney, record: Record) -> list[Transfer]:
    """Return the transfers of a refund to the accounts that paid; `record` is the refund."""
    through = till_account(AccountKind.CLEARING, money.till_id)
    back = [
        Transfer(named_id(record.id, f"{name} back"), through, account, cents, PURPOSE, money.order_id)
        for name, account, cents in money.shares
    ]
    return [*transfers(record, _passing(record)), *back]


def _passing(record: Record) -> list[Part]:
    """Return the parts that pass the till's account: the tender of the record, if any."""
    return [Part(at, tender.cents, via_clearing=True) for at, tender in enumerate(record.tenders)]


def parts_of(money: OrderMoney, record: Record) -> list[Part]:
    """Return who paid a record, so that a refund at a till returns the amounts to the payers."""
    sign = -1 if record.kind in REFUNDS else 1
    return [
        Part(0, sign * cents, money.wallet_id, bonus=account.kind is AccountKind.BONUS)
        for _, account, cents in money.shares
    ]


def without_cups(money: OrderMoney) -> OrderMoney:
    """Return the order without its cup deposits: cups already handed over are refunded at any counter.

    Orders placed before bonus was excluded from deposits are capped at the remaining total.
    """
    total_cents = money.total_cents - money.deposit_cents
    return replace(money, total_cents=total_cents, bonus_cents=min(money.bonus_cents, total_cents), deposit_cents=0)


def voucher(money: OrderMoney, cents: Cents, left: Mapping[Payer, Cents]) -> Cents:
    """Return the bonus for a late order: `cents`, limited to what the fan paid with money for food and drink.

    Without the limit, cheap orders or orders paid by bonus would multiply vouchers. `left` is what was paid and not
    refunded; deposits are excluded.
    """
    own = sum(paid for payer, paid in left.items() if not payer.bonus)
    return max(0, min(cents, own - money.deposit_cents))


def is_unrefunded(money: OrderMoney, left: Mapping[Payer, Cents]) -> bool:
    """Whether nothing of the payment was refunded yet, in any way."""
    return sum(left.values()) >= money.total_cents and all(
        left.get(Payer(None, money.wallet_id, account.kind is AccountKind.BONUS), 0) >= cents
        for _, account, cents in money.shares
    )


def _step(money: OrderMoney, name: str, account: Account, cents: Cents, step: Step) -> Transfer:
    held = _id(money.order_id, Step.HOLD, name)
    return Transfer(
        _id(money.order_id, step, name),
        account,
        till_account(AccountKind.CLEARING, money.till_id),
        cents,
        PURPOSE,
        money.order_id,
        step,
        None if step is Step.HOLD else held,
    )


def _id(order_id: UUID, step: Step, name: str) -> UUID:
    return named_id(order_id, f"{step} {name}")
