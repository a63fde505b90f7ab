"""A fan's rule for top-ups."""

from litestar import Router, delete, get, put
from msgspec import Struct

from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Principal, signed_in
from virage.wallet.reads.auto_top_ups import AutoTopUpView
from virage.wallet.rules.auto_top_ups import AutoTopUpWish


class AutoTopUpAnswer(Struct, frozen=True):
    """A fan's rule, if there is one. `page_url`: the provider's page, which keeps the card that the rule waits for."""

    rule: AutoTopUpView | None
    page_url: str | None


@get("/auto-top-up", guards=[signed_in])
async def get_auto_top_up(db: Database, clock: Clock, principal: Principal) -> AutoTopUpAnswer:
    """My rule for top-ups."""
    raise NotImplementedError


@put("/auto-top-up", guards=[signed_in])
async def put_auto_top_up(
    data: AutoTopUpWish, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> AutoTopUpAnswer:
    """Below so much, add so much, at most so much a day. Asks for a sign-in of the last 15 minutes.

    A new `method_id` leads to the provider's page, which comes back to `/purse?method={id}`; the rule waits until the
    card is kept. With the one that is kept the amounts change, and a rule that is off begins anew.
    """
    raise NotImplementedError


@delete("/auto-top-up", status_code=204, guards=[signed_in])
async def end_auto_top_up(db: Database, clock: Clock, principal: Principal) -> None:
    """End my rule, and let the provider forget the card."""
    raise NotImplementedError


router = Router("/api/wallet", route_handlers=[get_auto_top_up, put_auto_top_up, end_auto_top_up])
