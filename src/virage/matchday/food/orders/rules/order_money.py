"""What the money of an order does: held on purse and bonus, let go, or captured and turned into a sale.

Everything passes an account of the outlet's own till of the house, which is at zero between orders: a hold names the
two accounts that its capture moves, and what was sold has an account a rate of VAT.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from virage.matchday.food.till.types import Part, Payer, RecordKey, till_account, transfers
from virage.money.fiscal.types import REFUNDS, Record
from virage.money.wallet.ledger.types import Account, AccountKind, Step, Transfer, bonus, wallet_account
from virage.platform.values.money import Cents

PURPOSE: Final = "food_order"


class OrderMoney(Struct, frozen=True):
    """An order as its money sees it: `bonus_cents` of `total_cents` are what the house gave, the rest is the fan's.

    `deposit_cents` of the total are cups.
    """

    order_id: UUID
    till_id: UUID
    purse_id: UUID
    total_cents: Cents
    bonus_cents: Cents
    deposit_cents: Cents

    @property
    def key(self) -> RecordKey:
        """The record of its sale."""
        return RecordKey(self.till_id, self.order_id)

    @property
    def shares(self) -> list[tuple[str, Account, Cents]]:
        """Who pays how much of it."""
        shares = [
            ("bonus", bonus(self.purse_id), self.bonus_cents),
            ("purse", wallet_account(self.purse_id), self.total_cents - self.bonus_cents),
        ]
        return [share for share in shares if share[2]]


def hold(money: OrderMoney) -> list[Transfer]:
    """Keep the money of an order."""
    return [_step(money, name, account, cents, Step.HOLD) for name, account, cents in money.shares]


def void(money: OrderMoney) -> list[Transfer]:
    """Let it go."""
    return [_step(money, name, account, cents, Step.VOID) for name, account, cents in money.shares]


def capture(money: OrderMoney, record: Record) -> list[Transfer]:
    """Take it, and book the sale that it paid."""
    taken = [_step(money, name, account, cents, Step.CAPTURE) for name, account, cents in money.shares]
    return [*taken, *transfers(record, _passing(record))]


def give_back(money: OrderMoney, record: Record) -> list[Transfer]:
    """Give back what each paid of an order, whose refund is this record."""
    through = till_account(AccountKind.CLEARING, money.till_id)
    back = [
        Transfer(uuid5(record.id, f"{name} back"), through, account, cents, PURPOSE, money.order_id)
        for name, account, cents in money.shares
    ]
    return [*transfers(record, _passing(record)), *back]


def _passing(record: Record) -> list[Part]:
    """What passes the till's account: the one tender of an order's record, or none where nothing was to pay."""
    return [Part(at, tender.cents, passes=True) for at, tender in enumerate(record.tenders)]


def parts_of(money: OrderMoney, record: Record) -> list[Part]:
    """Whose money a record of an order was, so that a till which refunds it gives it back to whom it came from."""
    sign = -1 if record.kind in REFUNDS else 1
    return [
        Part(0, sign * cents, money.purse_id, bonus=account.kind is AccountKind.BONUS)
        for _, account, cents in money.shares
    ]


def without_cups(money: OrderMoney) -> OrderMoney:
    """An order of which all but its cups goes back: who was handed them brings them to any counter, for cash.

    Bonus pays no cup; of an order of before that was so, it gets back no more than the rest.
    """
    total_cents = money.total_cents - money.deposit_cents
    return replace(money, total_cents=total_cents, bonus_cents=min(money.bonus_cents, total_cents), deposit_cents=0)


def voucher(money: OrderMoney, cents: Cents, left: Mapping[Payer, Cents]) -> Cents:
    """What the house gives for a late order, `cents` at most: no more than its fan's own money paid for food and drink.

    Else a kitchen that lets cheap orders wait, or such as vouchers paid, would turn one voucher into many. `left` is
    what was paid and not given back. What paid the cups comes back with them, and buys nothing.
    """
    own = sum(paid for payer, paid in left.items() if not payer.bonus)
    return max(0, min(cents, own - money.deposit_cents))


def is_whole(money: OrderMoney, left: Mapping[Payer, Cents]) -> bool:
    """Whether all that was paid is still there to be given back, by whatever way something of it went."""
    return sum(left.values()) >= money.total_cents and all(
        left.get(Payer(None, money.purse_id, account.kind is AccountKind.BONUS), 0) >= cents
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
    return uuid5(order_id, f"{step} {name}")
