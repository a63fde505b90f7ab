"""What each kind of letter tells: loaded, when it is sent, by the domain that wrote it."""

from collections.abc import Mapping
from typing import Final

from virage.identity.people.reads import LetterComposer, invitation_content, sealed_content
from virage.identity.people.rules.letters import Kind
from virage.matchday.food.orders.reads.letters import food_receipt
from virage.money.wallet.funding.reads.auto_top_ups import off_content
from virage.sale.ticketing.reads import letters as orders

COMPOSERS: Final[Mapping[Kind, LetterComposer]] = {
    Kind.SIGN_IN_CODE: sealed_content,
    Kind.OPEN_SIGN_IN_CODE: sealed_content,
    Kind.PHONE_CODE: sealed_content,
    Kind.INVITATION: invitation_content,
    Kind.ACCOUNT_ERASED: sealed_content,
    Kind.ORDER_PAID: orders.order_paid,
    Kind.REFUND: orders.refunded,
    Kind.DOUBLE_PAYMENT: orders.money_returned,
    Kind.LATE_PAYMENT: orders.money_returned,
    Kind.EVENT_CANCELLED: orders.refunded,
    Kind.EVENT_MOVED: orders.event_moved,
    Kind.FOOD_RECEIPT: food_receipt,
    Kind.TOP_UP_OFF: off_content,
}
