"""Routes of a fan's wallet: view, top-up and payout."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.money.payments.api import Checkout
from virage.money.wallet.accounts.api import PaidAt
from virage.money.wallet.funding.acts.top_ups import PaidOut, TopUpRequest, pay_out, top_up
from virage.money.wallet.funding.reads.wallets import TopUpView, WalletView, top_up_view, wallet_view
from virage.money.wallet.funding.rules.top_ups import WALLET_PATH, limits_of
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post


class TopUpAnswer(Struct, frozen=True):
    """Address of the payment page; None once the payment is captured."""

    payment_url: str | None


class PayoutRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Request of a payout. The browser creates `id`, so a repeated request is one payout."""

    id: UUID


@get("/", guards=[signed_in])
async def get_wallet(
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
    paid_at: Sequence[PaidAt],
    before: datetime | None = None,
) -> WalletView:
    """Return my wallet with about fifty lines of its history before a moment, latest first."""
    if before is not None and before.tzinfo is None:
        raise Problem("invalid_input", {"errors": [{"source": "before", "message": "It names its time zone."}]})
    async with db.connection() as conn:
        fan_id, limits = require_fan(principal), limits_of(config)
        return await wallet_view(conn, fan_id, limits, before, zone=config.time_zone, now=clock.now(), paid_at=paid_at)


@post("/top-ups", status_code=200, guards=[signed_in])
async def begin_top_up(
    data: TopUpRequest, *, db: Database, clock: Clock, config: Config, checkout: Checkout, principal: Principal
) -> TopUpAnswer:
    """Begin a top-up by bank card; return the provider's page, which returns to the wallet's page.

    The return address contains the top-up, since some banking apps open another browser.
    """
    fan_id, back = require_fan(principal), f"{config.public_url}{WALLET_PATH}?top_up={data.id}"
    begun = await db.transact(top_up, fan_id, data, limits=limits_of(config), return_url=back, now=clock.now())
    start = granted(begun)
    return TopUpAnswer(None if start is None else granted(await checkout.open(start)).payment_url)


@get("/top-ups/{top_up_id:uuid}", guards=[signed_in])
async def get_top_up(top_up_id: UUID, db: Database, principal: Principal) -> TopUpView:
    """Return my own top-up."""
    async with db.connection() as conn:
        found = await top_up_view(conn, require_fan(principal), top_up_id)
    if found is None:
        raise Problem("not_found")
    return found


@post("/payouts", status_code=200, guards=[signed_in])
async def ask_payout(data: PayoutRequest, db: Database, clock: Clock, principal: Principal) -> PaidOut:
    """Refund my balance to the bank cards that paid it, free and without a minimum."""
    fan_id = require_fan(principal)
    return granted(await db.transact(pay_out, fan_id, data.id, clock.now()))


router = mount("/api/wallet", [get_wallet, begin_top_up, get_top_up, ask_payout])
