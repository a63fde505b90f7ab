"""Comparison of ledger and till records for drawers and terminals, for `virage wallet audit`."""

from msgspec import Struct

from virage.control.books.store import takings as store
from virage.money.wallet.funding import api as funding
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class TillMismatch(Struct, frozen=True):
    """Drawer or terminal whose ledger balance differs from its till's records, top-ups and payouts."""

    till: str
    tender: str
    booked_cents: Cents
    recorded_cents: Cents


async def till_mismatches(conn: Connection) -> list[TillMismatch]:
    """Return all drawers and terminals with a difference, in the snapshot of the caller's transaction.

    Accounts of held money are below zero, so the amount taken is the negated balance.
    """
    told = await store.takings_of_records(conn)
    for taking in await funding.all_takings(conn):
        place = (str(taking.till_id), taking.tender.value)
        told[place] = told.get(place, 0) + taking.cents
    booked = await funding.booked_at_tills(conn)
    return [
        TillMismatch(*place, booked.get(place, 0), told.get(place, 0))
        for place in sorted(told.keys() | booked.keys())
        if booked.get(place, 0) != told.get(place, 0)
    ]
