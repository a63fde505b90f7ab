"""The offers of all events at a glance."""

from datetime import datetime

from virage.platform.data.batching import Batcher
from virage.platform.values.clock import Clock
from virage.platform.web.routing import Described, Response, get
from virage.sale.ticketing.reads.offers import OfferLine

OfferBoard = Batcher[datetime, bytes]


@get("/", public=True, answer=Described(list[OfferLine], description="Events on or before sale"))
async def list_offers(clock: Clock, offer_board: OfferBoard) -> Response[bytes]:
    """From which price and how many places are free, for every published event on or before sale, by start."""
    body = await offer_board.submit(clock.now())
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})
