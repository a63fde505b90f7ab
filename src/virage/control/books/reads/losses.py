"""What tills may lose at most while they have no network, and have lost."""

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
    """`worst_cents` is `tills` times `till_limit_cents`: more is not lost while no till has told what it took.

    `lost_cents` is what is on the loss accounts of these tills.
    """

    tills: int
    till_limit_cents: Cents
    worst_cents: Cents
    lost_cents: Cents


async def offline_loss(conn: Connection, principal: Principal, limits: TillLimits) -> OfflineLoss:
    """What the tills that somebody leads may lose at most; those of the house never sell without the server."""
    devices = await people.office_devices(conn, principal)
    of_house = {kitchen.till_id for kitchen in (await orders.kitchens(conn)).values()}
    counters = [one for one in devices if one.kind is DeviceKind.TILL and one.id not in of_house]
    tills = [one.id for one in counters if one.revoked_at is None]
    lost = await ledger.balances(conn, [till_account(AccountKind.LOSS, till) for till in tills])
    return OfflineLoss(
        len(tills), limits.offline_till_cents, len(tills) * limits.offline_till_cents, max(0, -sum(lost.values()))
    )
