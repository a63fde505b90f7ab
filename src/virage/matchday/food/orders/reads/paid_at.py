"""Where purses paid, for the history that their owners see."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import outlet_name
from virage.platform.data.database import Connection
from virage.site.programme.types import Text


async def outlets(conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
    """The outlets of sales, refunds and phone orders."""
    return {subject: outlet_name(code) for subject, code in (await store.outlets_of(conn, subjects)).items()}
