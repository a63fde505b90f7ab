"""Whether drawers and terminals stand in the books as tills say: the other half of `virage wallet audit`."""

from msgspec import Struct

from virage.control.books.store import takings as store
from virage.money.wallet.funding import api as funding
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class TillAstray(Struct, frozen=True):
    """A drawer or a terminal that does not hold what its till's records and its loads of purses say."""

    till: str
    tender: str
    booked_cents: Cents
    told_cents: Cents


async def tills_astray(conn: Connection) -> list[TillAstray]:
    """All drawers and terminals that stand elsewhere than tills say; in the snapshot of the caller's transaction.

    An account of what is held for us stands below zero, so what was taken in is its balance turned round.
    """
    told = await store.takings_of_records(conn)
    for taking in await funding.all_takings(conn):
        place = (str(taking.till_id), taking.tender.value)
        told[place] = told.get(place, 0) + taking.cents
    booked = await funding.booked_at_tills(conn)
    return [
        TillAstray(*place, booked.get(place, 0), told.get(place, 0))
        for place in sorted(told.keys() | booked.keys())
        if booked.get(place, 0) != told.get(place, 0)
    ]
