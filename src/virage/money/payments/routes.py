"""Webhook route of the payment provider."""

from virage.money.payments.checkout import Deliveries
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.platform.settings.logs import log
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, mount, post

DELIVERY_BYTES_MAX = 1_000_000


@post(
    "/webhooks/{provider:str}",
    status_code=204,
    body_bytes_max=DELIVERY_BYTES_MAX,
    public=True,
    documented=False,
)
async def receive_news(
    request: Request, payment_provider: PaymentProvider, payment_deliveries: Deliveries, *, provider: str
) -> None:
    """Settle a webhook delivery of the provider, authenticated by signature. On failure the provider delivers again."""
    if provider != payment_provider.name:
        raise Problem("not_found", {"provider": provider})
    body = await request.body()
    try:
        outcomes = granted(await payment_provider.read_webhook(request.headers, body))
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), payments=1)
        raise Problem("provider_unavailable") from failure
    if outcomes and not await payment_deliveries.settle(outcomes):
        raise Problem("internal")


router = mount("/api/payments", [receive_news])
