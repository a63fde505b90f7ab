"""Routes for tills."""

import asyncio
import gzip
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from virage.matchday.food.till.acts.selling import RecordAnswer
from virage.matchday.food.till.reads.tills import TillPack, TillPacks
from virage.matchday.food.till.routes.uploads import TillUpload, UploadService
from virage.money.fiscal.types import BODY_CHARS_MAX, RECORDS_MAX
from virage.money.wallet.cards.api import CardNews, TillCards
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, device_at
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Described, Request, Response, get, mount, post
from virage.platform.web.static import takes_gzip

AT_TILL: Final = device_at("till")
ENVELOPE_BYTES: Final = 500
"""Size of an uploaded record besides its body: signature, PINs, field names."""
GZIP_FROM_BYTES: Final = 1_000

Position = Annotated[str, Meta(max_length=20, description="Position of the last answer")] | None


class UploadAnswers(Struct, frozen=True):
    """One answer per record, in order; `now` is the server's clock."""

    now: datetime
    answers: list[RecordAnswer]


@post(
    "/records",
    status_code=200,
    guards=[AT_TILL],
    rate="gate",
    body_bytes_max=RECORDS_MAX * (BODY_CHARS_MAX + ENVELOPE_BYTES),
)
async def post_records(
    data: TillUpload, upload_service: UploadService, clock: Clock, principal: Principal
) -> UploadAnswers:
    """Upload records. Idempotent: a repeated upload gets the same answers.

    A single online record may be refused; its number then stays free. Offline records are always booked.
    """
    return UploadAnswers(clock.now(), await upload_service.sell(principal, data.records))


@get(
    "/pack",
    guards=[AT_TILL],
    answer=Described(TillPack, description="All that the till needs to work offline"),
)
async def get_till_pack(request: Request, till_packs: TillPacks, principal: Principal) -> Response[bytes]:
    """Return all that the till needs to start, sell, price and print offline.

    The ETag changes with the content, except its time and the heads of the chains.
    """
    packed = await till_packs.of(principal)
    if packed is None:
        raise Problem("not_found")
    headers = {"etag": f'"{packed.tag}"', "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == f'"{packed.tag}"':
        return Response(b"", status_code=304, headers=headers)
    return await _json(request, packed.body, headers)


@get(
    "/cards",
    guards=[AT_TILL],
    answer=Described(TillCards, description="Cards that changed, or all of them"),
)
async def get_till_cards(request: Request, card_news: CardNews, *, since: Position = None) -> Response[bytes]:
    """Return the cards for offline sales: all at first, then those that changed."""
    return await _json(request, await card_news.since(since), {"cache-control": "no-store"})


async def _json(request: Request, body: bytes, headers: dict[str, str]) -> Response[bytes]:
    """Return ready JSON, compressed where that helps and the client accepts it."""
    headers = headers | {"vary": "accept-encoding"}
    if len(body) >= GZIP_FROM_BYTES and takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        body = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
    return Response(body, media_type="application/json", headers=headers)


router = mount("/api/till", [post_records, get_till_pack, get_till_cards])
