"""A draw of our event, for the tests of the whole application."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World

TIMES = {
    "closes_at": "2026-05-09T20:00:00Z",
    "draws_at": "2026-05-09T21:00:00Z",
    "ends_at": "2026-05-10T12:00:00Z",
}


async def draw_of(world: "World", person_email: str | None = None) -> None:
    """Store a draw that has closed, with the entry of a person."""
    draw_id = new_id()
    async with world.db.transaction() as conn:
        await conn.execute(
            """
            insert into draws.draw (
                id, event_id, state, revision, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours,
                sealed_seed, commitment, created_at, opened_at
            )
            select $1, event_id, 'closed', 3, array[min(id::text)::uuid], array[10], array[0], $3, $4, $5, 48, '', '',
                $6, $6
            from ticketing.category where event_id = $2 group by event_id
            """,
            draw_id,
            world.event,
            *(datetime.fromisoformat(text) for text in TIMES.values()),
            world.clock.now(),
        )
        if person_email is not None:
            await conn.execute(
                """
                insert into draws.entry (
                    id, draw_id, person_id, code, party, size, wheelchair, wishes, any_other, method_id, state,
                    entered_at, confirmed_at
                )
                select $1, $2, id, 'K7QX2MNPA9TD', '{"full": 2}', 2, false, array[0], false, $3, 'entered', $4, $4
                from people.person where email = $5
                """,
                new_id(),
                draw_id,
                new_id(),
                world.clock.now(),
                person_email,
            )
    category = await world.rows("select categories[1] as id from draws.draw")
    world.ids |= {"draw_id": str(draw_id), "draw_category_id": str(category[0]["id"])}


def content(world: "World") -> dict[str, Any]:
    """The draw as the office set it."""
    quota = {"category_id": world.ids["draw_category_id"], "places": 10, "spaces": 0}
    return {"id": world.ids["draw_id"], "quotas": [quota], **TIMES}


def close(_: "World") -> dict[str, Any]:
    """The step that closes it."""
    return {"step": "close", "revision": 3}
