"""Outlets of payments, for the wallet history."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import outlet_name
from virage.platform.data.database import Connection
from virage.site.programme.types import Text


async def outlets(conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
    """Return the outlet names of sales, refunds and food orders by id."""
    return {subject: outlet_name(code) for subject, code in (await store.outlets_of(conn, subjects)).items()}
