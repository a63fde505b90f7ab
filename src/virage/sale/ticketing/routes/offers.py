"""Route for the offer summaries of all events."""

from datetime import datetime

from virage.platform.data.batching import Batcher
from virage.platform.values.clock import Clock
from virage.platform.web.routing import Described, Response, get
from virage.sale.ticketing.reads.offers import OfferSummary

OfferBoard = Batcher[datetime, bytes]


@get("/", public=True, answer=Described(list[OfferSummary], description="Events on or before sale"))
async def list_offers(clock: Clock, offer_board: OfferBoard) -> Response[bytes]:
    """Return the lowest price and the free places of every published event on or before sale, by start."""
    body = await offer_board.submit(clock.now())
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})
