"""Commands of the office on a draw. `who` is the person, None for the job that acts by time."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.platform.values.sealing import seal
from virage.sale.draws.rules.files import SEED_BYTES
from virage.sale.draws.rules.setup import check_content, check_quotas, content_of
from virage.sale.draws.rules.terms import WINNING, Draw, DrawContent, DrawRefusal
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.programme.types import Event


class DrawStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a draw at the `revision` that the office saw. `set_value` gives the public value."""

    step: Literal["open", "close", "set_value", "draw", "cancel"]
    revision: int
    public_value: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class DrawKeys(Struct, frozen=True):
    """The key that seals new seeds, and all keys that open them."""

    current: bytes
    all: tuple[bytes, ...]


async def set_draw(  # noqa: PLR0911 - each reason by its name
    conn: Connection,
    draw_id: UUID,
    event: Event,
    content: DrawContent,
    *,
    revision: int | None,
    who: UUID | None,
    now: datetime,
) -> Draw | Refused:
    """Create the draw of an event, or change a draft at `revision`. The same content again changes nothing.

    Refusals: `event_cancelled`, `category_unknown`, `draw_after_sale`, `draw_quota_too_large`, `invalid_input`,
    `id_reused` for a second draw of the event, `changed_meanwhile`, `draw_step_not_possible` once it is open.
    """
    known = await store.lock_draw(conn, draw_id)
    if known is not None and known.event_id != event.id:
        return Refused(DrawRefusal.ID_REUSED)
    if known is not None and content_of(known) == content_of(content):
        return known
    if known is not None and known.state != "draft":
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": known.state})
    if known is not None and known.revision != revision:
        return Refused(DrawRefusal.CHANGED, {"revision": known.revision})
    if event.state == "cancelled":
        return Refused(DrawRefusal.EVENT_CANCELLED)
    sale = await ticketing.load_sale(conn, event.id, drafts=True)
    if sale is None:
        return Refused(DrawRefusal.NOT_FOUND)
    refusal = check_content(content, sale, event) or check_quotas(sale, content.quotas)
    if refusal is not None:
        return refusal
    if known is not None:
        await store.set_draw(conn, draw_id, content)
    else:
        await store.insert_draw(conn, draw_id, event.id, content, now)
        if await store.lock_draw(conn, draw_id) is None:  # its event has a draw already
            return Refused(DrawRefusal.ID_REUSED)
    await append(conn, [Fact("draw_set", who, draw_id, {"event": event.id})], now)
    return (await store.draws(conn, [draw_id]))[draw_id]


async def open_draw(  # noqa: PLR0911 - each reason by its name
    conn: Connection, keys: DrawKeys, draw_id: UUID, revision: int, *, who: UUID | None, now: datetime
) -> Draw | Refused:
    """Open a draft for entries: its secret seed is made, and the commitment to it is published.

    A repeated request changes nothing. Refusals: `not_found`, `changed_meanwhile`, `event_cancelled`,
    `draw_after_sale`, `draw_quota_too_large`, `draw_step_not_possible`.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if draw.state == "open":
        return draw
    if draw.state != "draft" or draw.closes_at <= now:
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if draw.revision != revision:
        return Refused(DrawRefusal.CHANGED, {"revision": draw.revision})
    event, sale = await programme.event(conn, draw.event_id), await ticketing.load_sale(conn, draw.event_id)
    if event is None or sale is None:
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if event.state == "cancelled":
        return Refused(DrawRefusal.EVENT_CANCELLED)
    refusal = check_content(draw, sale, event) or check_quotas(sale, draw.quotas)
    if refusal is not None:
        return refusal
    seed = secrets.token_bytes(SEED_BYTES)
    await store.open_draw(conn, draw_id, seal(keys.current, seed, draw_id.bytes), sha256(seed).digest(), now)
    await append(conn, [Fact("draw_opened", who, draw_id, {"event": draw.event_id})], now)
    return (await store.draws(conn, [draw_id]))[draw_id]


async def close_draw(
    conn: Connection, draw_id: UUID, revision: int | None, *, who: UUID | None, now: datetime
) -> Draw | Refused:
    """Take no more entries; a job then freezes them. `revision` None is the job's, which acts by time.

    Refusals: `not_found`, `changed_meanwhile`, `draw_step_not_possible`.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if draw.state == "closed":
        return draw
    if draw.state != "open":
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if revision is not None and revision != draw.revision:
        return Refused(DrawRefusal.CHANGED, {"revision": draw.revision})
    await store.close_draw(conn, draw_id)
    await append(conn, [Fact("draw_closed", who, draw_id, {"event": draw.event_id})], now)
    return (await store.draws(conn, [draw_id]))[draw_id]


async def set_public_value(
    conn: Connection, draw_id: UUID, value: str, revision: int, *, who: UUID | None, now: datetime
) -> Draw | Refused:
    """Store the public value that was named beforehand, once the entries are frozen and until the draw is made.

    Refusals: `not_found`, `changed_meanwhile`, `draw_step_not_possible`.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if draw.public_value == value:
        return draw
    if draw.state != "closed" or draw.frozen_at is None or draw.public_value_name is None:
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if revision != draw.revision:
        return Refused(DrawRefusal.CHANGED, {"revision": draw.revision})
    await store.set_public_value(conn, draw_id, value)
    await append(conn, [Fact("draw_value_set", who, draw_id, {"event": draw.event_id})], now)
    return (await store.draws(conn, [draw_id]))[draw_id]


async def cancel_draw(
    conn: Connection, draw_id: UUID, revision: int | None, *, who: UUID | None, now: datetime
) -> Draw | Refused:
    """Cancel a draw that is not made yet; a job then tells the entrants and forgets their cards.

    With `revision` None, its event is cancelled, and a draw that was made ends too: its orders are refunded with those
    of the event. Refusals: `not_found`, `changed_meanwhile`, `draw_step_not_possible`.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if draw.state == "cancelled":
        return draw
    if revision is not None and draw.state in ("drawn", "ended"):
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if revision is not None and revision != draw.revision:
        return Refused(DrawRefusal.CHANGED, {"revision": draw.revision})
    await store.set_state(conn, draw_id, "cancelled")
    await entries_store.end_states(conn, draw_id, ("entered", "waiting", *WINNING), "cancelled")
    await append(conn, [Fact("draw_cancelled", who, draw_id, {"event": draw.event_id})], now)
    return (await store.draws(conn, [draw_id]))[draw_id]
