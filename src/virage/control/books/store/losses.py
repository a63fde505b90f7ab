"""Losses of offline sales."""

from collections.abc import Sequence

from virage.control.books.store.queries import queries
from virage.money.fiscal.types import Closing
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def losses_in(conn: Connection, closings: Sequence[Closing]) -> list[Cents]:
    """Return the losses in each of some outlet closings."""
    ranges = [(at, closing.subject_id, part) for at, closing in enumerate(closings) for part in closing.ranges]
    rows = queries.losses_in(
        conn,
        places=[at for at, _, _ in ranges],
        outlets=[outlet for _, outlet, _ in ranges],
        tills=[part.till for _, _, part in ranges],
        firsts=[part.first for _, _, part in ranges],
        lasts=[part.last for _, _, part in ranges],
    )
    found = {row["place"]: row["cents"] async for row in rows}
    return [found.get(at, 0) for at in range(len(closings))]
