"""Maximum and actual losses of offline sales."""

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import DeviceKind
from virage.matchday.food.orders import api as orders
from virage.matchday.food.till.types import TillLimits, till_account
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import AccountKind
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.web.guard import Principal


class OfflineLoss(Struct, frozen=True):
    """Losses of offline sales. `max_loss_cents` = `tills` * `till_limit_cents`: the maximum before any till uploads.

    `lost_cents` is the balance of the loss accounts of these tills.
    """

    tills: int
    till_limit_cents: Cents
    max_loss_cents: Cents
    lost_cents: Cents


async def offline_loss(conn: Connection, principal: Principal, limits: TillLimits) -> OfflineLoss:
    """Return the losses of the tills in the caller's scope. Order-ahead tills never sell offline and are left out."""
    devices = await people.office_devices(conn, principal)
    of_house = {kitchen.till_id for kitchen in (await orders.kitchens(conn)).values()}
    counters = [device for device in devices if device.kind is DeviceKind.TILL and device.id not in of_house]
    tills = [device.id for device in counters if device.revoked_at is None]
    lost = await ledger.balances(conn, [till_account(AccountKind.LOSS, till) for till in tills])
    return OfflineLoss(
        len(tills), limits.offline_till_cents, len(tills) * limits.offline_till_cents, max(0, -sum(lost.values()))
    )
