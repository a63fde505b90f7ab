"""Routes of draws for fans: the draw of an event, one's entry, and the files to check the result."""

from hashlib import sha256
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.money.payments.api import PaymentProvider, open_page
from virage.money.payments.types import SavedCardState
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, delete, get, put
from virage.sale.draws.acts.entering import DrawEntryRequest, enter, withdraw
from virage.sale.draws.reads.fans import DrawAnswer, PublicDraw, public_draw, published_draw
from virage.sale.draws.rules.files import log_file
from virage.sale.draws.store import draws as store

VERIFIER: Final = Path(__file__).parent.parent / "verify_draw.py"
FileName = Literal["draw.json", "entries.jsonl", "results.jsonl", "log.jsonl", "verify_draw.py"]


class DrawEntryAnswer(Struct, frozen=True):
    """The draw with my entry. `page_url`: the provider's page on which my card is saved, None if it is."""

    draw: PublicDraw
    page_url: str | None


@get("/{event_id:uuid}/draw", public=True)
async def get_draw(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> DrawAnswer:
    """Return the draw of an event once it has opened, with my entry if I have signed in."""
    person_id = principal.id if principal.kind in ("fan", "staff") else None
    async with db.connection() as conn:
        return DrawAnswer(await public_draw(conn, event_id, person_id, clock.now()))


@put("/{event_id:uuid}/draw/entry", guards=[signed_in])
async def put_entry(
    event_id: UUID,
    data: DrawEntryRequest,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    payment_provider: PaymentProvider,
    principal: Principal,
) -> DrawEntryAnswer:
    """Enter the draw of an event, or change my entry. It counts once my card is saved on the provider's page.

    The page returns to `/events/{event_id}/draw?method={method_id}`.
    """
    person_id, now = require_fan(principal), clock.now()
    back = f"{config.public_url}/events/{event_id}/draw?method={data.method_id}"
    async with db.connection() as conn:
        draw = await store.draw_of_event(conn, event_id)
    if draw is None:
        raise Problem("not_found")
    entered = granted(await db.transact(enter, draw.id, person_id, data, return_url=back, now=now))
    waits = entered.card.state is SavedCardState.OPEN
    page_url = granted(await open_page(db, clock, payment_provider, entered.card)) if waits else None
    async with db.connection() as conn:
        shown = await public_draw(conn, event_id, person_id, now)
    if shown is None:
        raise Problem("not_found")
    return DrawEntryAnswer(shown, page_url)


@delete("/{event_id:uuid}/draw/entry", guards=[signed_in])
async def delete_entry(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Withdraw my entry while the draw is open."""
    person_id = require_fan(principal)
    async with db.connection() as conn:
        draw = await store.draw_of_event(conn, event_id)
    if draw is None:
        raise Problem("not_found")
    granted(await db.transact(withdraw, draw.id, person_id, clock.now()))


@get(
    "/{draw_id:uuid}/{name}",
    public=True,
    answer=Described(bytes, description="A published file", media_type="application/octet-stream"),
)
async def get_draw_file(request: Request, draw_id: UUID, name: FileName, db: Database) -> Response[bytes]:
    """Return a file to check the result with, as described in docs/draws.md; `not_found` before it is published.

    The entries are published as soon as they are frozen, the results once the draw is made. `verify_draw.py` is a
    program that checks them. The ETag changes with the content.
    """
    async with db.connection() as conn:
        draw = (await store.draws(conn, [draw_id])).get(draw_id)
        if draw is None or draw.opened_at is None:
            raise Problem("not_found")
        content: bytes | None
        if name == "draw.json":
            content = msgspec.json.format(msgspec.json.encode(published_draw(draw)))
        elif name == "verify_draw.py":
            content = VERIFIER.read_bytes()
        elif name == "log.jsonl":
            content = None if draw.drawn_at is None else log_file(draw_id, await store.log_events(conn, draw_id))
        else:
            content = await store.published_file(conn, draw_id, name.removesuffix(".jsonl"))
    if content is None:
        raise Problem("not_found")
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "content-disposition": f'attachment; filename="{name}"', "cache-control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type="application/octet-stream", headers=headers)
