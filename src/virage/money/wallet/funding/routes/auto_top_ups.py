"""Routes of a fan's automatic top-up."""

from msgspec import Struct

from virage.money.payments.api import Checkout, PaymentProvider, open_page
from virage.money.payments.types import SavedCardState
from virage.money.wallet.funding.acts import auto_top_ups as acts
from virage.money.wallet.funding.reads.auto_top_ups import AutoTopUpView, rule_view
from virage.money.wallet.funding.rules.auto_top_ups import AutoTopUpRequest
from virage.money.wallet.funding.rules.top_ups import WALLET_PATH, limits_of
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require_fan, signed_in
from virage.platform.web.problems import granted
from virage.platform.web.routing import delete, get, mount, post, put


class AutoTopUpAnswer(Struct, frozen=True):
    """A fan's automatic top-up. `page_url`: the provider's page, on which the card is saved."""

    rule: AutoTopUpView | None
    page_url: str | None


class TopUpConfirmation(Struct, frozen=True):
    """Address of the provider's page on which a fan confirms a charge."""

    payment_url: str


@get("/auto-top-up", guards=[signed_in])
async def get_auto_top_up(config: Config, db: Database, clock: Clock, principal: Principal) -> AutoTopUpAnswer:
    """Return my automatic top-up."""
    async with db.connection() as conn:
        return AutoTopUpAnswer(
            await rule_view(conn, require_fan(principal), zone=config.time_zone, now=clock.now()), None
        )


@put("/auto-top-up", guards=[signed_in])
async def put_auto_top_up(
    data: AutoTopUpRequest,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    payment_provider: PaymentProvider,
    principal: Principal,
) -> AutoTopUpAnswer:
    """Below so much, add so much, at most so much a day. Asks for a sign-in of the last 15 minutes.

    A new `method_id` leads to the provider's page, which returns to the wallet's page with `?method={id}`; the rule
    waits until the card is kept. With the one that is kept the amounts change, and a rule that is off begins anew.
    """
    owner_id, back = require_fan(principal), f"{config.public_url}{WALLET_PATH}?method={data.method_id}"
    fresh(principal, clock.now())
    limits = limits_of(config)
    method = granted(await db.transact(acts.put_rule, owner_id, data, limits=limits, return_url=back, now=clock.now()))
    waits = method.state is SavedCardState.OPEN
    page_url = granted(await open_page(db, clock, payment_provider, method)) if waits else None
    async with db.connection() as conn:
        return AutoTopUpAnswer(await rule_view(conn, owner_id, zone=config.time_zone, now=clock.now()), page_url)


@post("/auto-top-up/confirmation", status_code=200, guards=[signed_in])
async def confirm_auto_top_up(
    *, db: Database, clock: Clock, config: Config, checkout: Checkout, principal: Principal
) -> TopUpConfirmation:
    """Open the provider's page for the charge that my bank wants me to confirm, with the same card and amount.

    Once it is paid, automatic top-up goes on. The page returns to the wallet's page, as that of a top-up.
    """
    fan_id, wallet_url = require_fan(principal), f"{config.public_url}{WALLET_PATH}"
    start = granted(
        await db.transact(acts.confirm, fan_id, limits=limits_of(config), wallet_url=wallet_url, now=clock.now())
    )
    return TopUpConfirmation(granted(await checkout.open(start)).payment_url)


@delete("/auto-top-up", status_code=204, guards=[signed_in])
async def end_auto_top_up(db: Database, clock: Clock, principal: Principal) -> None:
    """End my automatic top-up and delete its card at the provider."""
    async with db.transaction() as conn:
        await acts.end_rule(conn, require_fan(principal), clock.now())


router = mount("/api/wallet", [get_auto_top_up, put_auto_top_up, confirm_auto_top_up, end_auto_top_up])
