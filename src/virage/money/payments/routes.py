"""Webhook route of the payment provider, and office routes of failed refunds and disputes."""

from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.payments import acts, reads
from virage.money.payments.checkout import Deliveries
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.reads import DisputeLine, RefundLine
from virage.money.payments.rules import Assignment, PaidBy, PaidOtherwise
from virage.platform.data.database import Database
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, fresh, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, get, mount, post, put
from virage.platform.web.scopes import over_the_house

DELIVERY_BYTES_MAX = 1_000_000
READERS: Final[tuple[Role, ...]] = ("finance",)


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
        news = granted(await payment_provider.read_webhook(request.headers, body))
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), payments=1)
        raise Problem("provider_unavailable") from failure
    if news and not await payment_deliveries.settle(news):
        raise Problem("internal")


class RefundPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """How a failed refund was paid instead. The reference is that of the bank transfer or of the cash receipt."""

    paid_by: Literal["bank_transfer", "cash"]
    reference: Annotated[str, Meta(pattern=r"^\S", max_length=140)]


@get("/refunds", guards=[staff(*READERS)])
async def list_failed_refunds(db: Database, principal: Principal) -> list[RefundLine]:
    """Return the refunds that a bank does not take, the longest waiting first."""
    over_the_house(principal, READERS)
    async with db.connection() as conn:
        return await reads.failed_refunds(conn)


@get("/disputes", guards=[staff(*READERS)])
async def list_open_disputes(db: Database, principal: Principal) -> list[DisputeLine]:
    """Return the disputes that are not decided, the most urgent first."""
    over_the_house(principal, READERS)
    async with db.connection() as conn:
        return await reads.open_disputes(conn)


@post("/refunds/{refund_id:uuid}/retry", status_code=204, guards=[staff(*READERS)])
async def retry_refund(refund_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Send a failed refund to the provider again. Asks for a sign-in of the last 15 minutes."""
    who = decider(principal, clock)
    granted(await db.transact(acts.send_refund_again, refund_id, who, clock.now()))


@post("/refunds/{refund_id:uuid}/payment", status_code=204, guards=[staff(*READERS)])
async def pay_refund(refund_id: UUID, data: RefundPayment, db: Database, clock: Clock, principal: Principal) -> None:
    """Note that a failed refund was paid another way. Asks for a sign-in of the last 15 minutes."""
    who = decider(principal, clock)
    payment = PaidOtherwise(PaidBy(data.paid_by), data.reference)
    granted(await db.transact(acts.pay_refund, refund_id, payment, who, clock.now()))


@put("/refunds/{refund_id:uuid}/assignee", guards=[staff(*READERS)])
async def put_refund_assignee(
    refund_id: UUID, data: Assignment, db: Database, clock: Clock, principal: Principal
) -> RefundLine:
    """Take over a failed refund, or release it. Idempotent."""
    over_the_house(principal, READERS)
    who = require_fan(principal)
    assigned = granted(await db.transact(acts.assign_refund, refund_id, who if data.mine else None, who, clock.now()))
    async with db.connection() as conn:
        (line,) = await reads.refund_lines(conn, [assigned])
    return line


@put("/disputes/{dispute_id:uuid}/assignee", guards=[staff(*READERS)])
async def put_dispute_assignee(
    dispute_id: UUID, data: Assignment, db: Database, clock: Clock, principal: Principal
) -> DisputeLine:
    """Take over an open dispute, or release it. Idempotent."""
    over_the_house(principal, READERS)
    who = require_fan(principal)
    assigned = granted(await db.transact(acts.assign_dispute, dispute_id, who if data.mine else None, who, clock.now()))
    async with db.connection() as conn:
        (line,) = await reads.dispute_lines(conn, [assigned])
    return line


def decider(principal: Principal, clock: Clock) -> UUID:
    """Return who decides about money of the whole deployment, freshly signed in."""
    over_the_house(principal, READERS)
    fresh(principal, clock.now())
    return require_fan(principal)


routers = [
    mount("/api/payments", [receive_news]),
    mount(
        "/api/office",
        [list_failed_refunds, list_open_disputes, retry_refund, pay_refund, put_refund_assignee, put_dispute_assignee],
    ),
]
