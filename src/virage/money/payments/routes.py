"""Webhook route of the payment provider."""

from virage.money.payments.checkout import settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.provider import PaymentProvider
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, mount, post

DELIVERY_BYTES_MAX = 1_000_000


@post(
    "/webhooks/sandbox",
    status_code=204,
    body_bytes_max=DELIVERY_BYTES_MAX,
    public=True,
    documented=False,
)
async def receive_news(
    request: Request,
    db: Database,
    clock: Clock,
    payment_provider: PaymentProvider,
    payment_handlers: Handlers,
) -> None:
    """Settle a webhook delivery of the sandbox, authenticated by signature. On failure the sandbox delivers again."""
    body = await request.body()
    outcomes = granted(payment_provider.verify_webhook(request.headers, body))
    if not await settle_all(db, clock, payment_handlers, outcomes):
        raise Problem("internal")


router = mount("/api/payments", [receive_news])
