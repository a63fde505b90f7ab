"""The receipt of a food order by email, on its fan's wish."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails, resend_email
from virage.identity.people.types import EmailKind, NewEmail
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules.orders import PAID_STATES, Reason
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


async def send_receipt(conn: Connection, order_id: UUID, email_id: UUID, fan_id: UUID, now: datetime) -> Refused | None:
    """Queue the receipt of a person's paid order, within the rate limits of emails."""
    order = (await store.orders(conn, [order_id])).get(order_id)
    if order is None or order.person_id != fan_id:
        return Refused(Reason.NOT_FOUND)
    if order.state not in PAID_STATES:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    email = NewEmail(id=email_id, kind=EmailKind.FOOD_RECEIPT, subject_id=order_id, about_id=order_id, person_id=fan_id)
    if await queue_emails(conn, [email], now):
        return None
    return await resend_email(conn, order_id, None, email_id, who=fan_id, now=now, person_id=fan_id)
