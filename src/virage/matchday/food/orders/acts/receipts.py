"""The receipt of a food order by email, on its fan's wish."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.api import resend_letter, write_letters
from virage.identity.people.types import Kind, NewLetter
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules.orders import PAID_STATES, Reason
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


async def send_receipt(
    conn: Connection, order_id: UUID, letter_id: UUID, fan_id: UUID, now: datetime
) -> Refused | None:
    """Queue the receipt of a person's paid order, within the rate limits of letters."""
    order = (await store.orders(conn, [order_id])).get(order_id)
    if order is None or order.person_id != fan_id:
        return Refused(Reason.NOT_FOUND)
    if order.state not in PAID_STATES:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    letter = NewLetter(id=letter_id, kind=Kind.FOOD_RECEIPT, subject_id=order_id, about_id=order_id, person_id=fan_id)
    if await write_letters(conn, [letter], now):
        return None
    return await resend_letter(conn, order_id, None, letter_id, who=fan_id, now=now, person_id=fan_id)
