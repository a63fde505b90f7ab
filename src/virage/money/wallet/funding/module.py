"""Declarations of funding."""

from collections.abc import Sequence

from virage.money.payments.api import Handlers, PaymentProvider
from virage.money.wallet.accounts.api import PaidAt
from virage.money.wallet.funding.jobs import WalletJobs
from virage.money.wallet.funding.routes import routers
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "wallet_funding",
    routers=routers,
    refusals={
        "amount_above_max": 409,
        "amount_below_min": 409,
        "anonymous_month_reached": 409,
        "anonymous_would_exceed": 409,
        "cashier_not_here": 409,
        "consent_required": 409,
        "day_below_amount": 409,
        "exceeds_what_came_in": 409,
        "gift_id_taken": 409,
        "load_forged": 409,
        "load_id_taken": 409,
        "load_invalid": 409,
        "load_too_old": 409,
        "method_failed": 409,
        "nothing_to_confirm": 409,
        "not_this_purse": 409,
        "not_this_till": 409,
        "not_your_outlet": 409,
        "nothing_to_pay_out": 409,
        "own_wallet": 409,
        "payment_failed": 409,
        "purse_frozen": 409,
        "purse_would_exceed": 409,
        "tap_required": 409,
        "top_up_id_taken": 409,
        "wallet_frozen": 409,
        "wallet_not_empty": 409,
    },
    lock_ranks={
        "lock_turn_of_desk_transaction()": (),
        "auto_top_up": (),
        "top_up": (),
        "payout": (),
        "gift": (),
        "proceeds": (),
        "disputed_proceeds": (),
    },
    lock_exceptions={
        "insert_top_up": LockException(
            "New ids, written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "insert_payout": LockException(
            "New ids, written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "put_proceeds": LockException(
            "Written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "pay_out_proceeds": LockException(
            "Written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "return_proceeds": LockException(
            "Written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "insert_disputed_proceeds": LockException(
            "Written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
        "insert_bonus_grants": LockException(
            "New ids, written under the lock of their wallet.", under="wallet_accounts.purse", holds=False
        ),
    },
)


def build(process: Process, provider: PaymentProvider, handlers: Handlers, paid_at: Sequence[PaidAt]) -> Parts:
    """Return the parts of funding; `paid_at` look up points of sale."""
    jobs = WalletJobs(process.db, process.config, process.clock, provider=provider, handlers=handlers)
    return Parts({"paid_at": paid_at}, jobs=[jobs.register])
