"""Outlets of payments, for the wallet history."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import outlet_name
from virage.platform.data.database import Connection
from virage.site.programme.types import Text
from virage.site.venue import api as venue
from virage.site.venue.types import owner_of


async def outlets(conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
    """Return the outlet names of sales, refunds and food orders by id; with their venue's name if there are several."""
    venues, found = await venue.venues(conn), {}
    for subject, code in (await store.outlets_of(conn, subjects)).items():
        owner = owner_of(venues, code)
        name = outlet_name(owner, code)
        if owner is not None and len(venues) > 1:
            name = {tag: f"{text}, {owner.name}" for tag, text in name.items()}
        found[subject] = name
    return found
