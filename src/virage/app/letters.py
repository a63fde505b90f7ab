"""The contents of each kind of email: loaded by its domain when it is sent."""

from collections.abc import Mapping
from typing import Final

from virage.identity.people.api import LetterComposer, invitation_content, sealed_content
from virage.identity.people.types import Kind
from virage.matchday.food.orders.api import food_receipt_letter
from virage.money.wallet.funding.api import auto_top_up_off_letter
from virage.sale.ticketing.api import event_moved_letter, money_returned_letter, order_paid_letter, refund_letter

COMPOSERS: Final[Mapping[Kind, LetterComposer]] = {
    Kind.SIGN_IN_CODE: sealed_content,
    Kind.OPEN_SIGN_IN_CODE: sealed_content,
    Kind.PHONE_CODE: sealed_content,
    Kind.INVITATION: invitation_content,
    Kind.ACCOUNT_ERASED: sealed_content,
    Kind.ORDER_PAID: order_paid_letter,
    Kind.REFUND: refund_letter,
    Kind.DOUBLE_PAYMENT: money_returned_letter,
    Kind.LATE_PAYMENT: money_returned_letter,
    Kind.EVENT_CANCELLED: refund_letter,
    Kind.EVENT_MOVED: event_moved_letter,
    Kind.FOOD_RECEIPT: food_receipt_letter,
    Kind.TOP_UP_OFF: auto_top_up_off_letter,
}
