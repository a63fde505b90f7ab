"""Requests about emails and accepted terms with another owner's id."""

from typing import Any

from virage.platform.values.ids import new_id


def wish(_: Any) -> dict[str, str]:
    return {"id": str(new_id())}


LETTERS: tuple[tuple[Any, ...], ...] = (
    ("GET /api/office/orders/{order_id}/emails", "our office", ("fan", "their office", "their event's office")),
    ("GET /api/orders/{order_id}/terms", "fan", ("friend", "guest", "our office")),
    ("POST /api/food/orders/{ready_food_id}/receipt", "fan", ("friend", "our office"), wish),
)
# An email is not sent again within a minute: the tests of emails try strangers later. An unscoped
# administrator releases addresses.
LETTERS_ELSEWHERE = {
    "POST /api/me/emails/{order_id}/{email_id}/resend",
    "POST /api/office/orders/{order_id}/emails/{email_id}/resend",
    "DELETE /api/office/blocked-addresses/{email_id}",
}
