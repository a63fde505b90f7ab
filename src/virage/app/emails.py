"""The contents of each kind of email: loaded by its domain when it is sent."""

from collections.abc import Mapping
from typing import Final

from virage.identity.people.api import (
    EmailComposer,
    account_content,
    invitation_content,
    recovery_content,
    sealed_content,
)
from virage.identity.people.types import EmailKind
from virage.matchday.food.orders.api import food_receipt_email
from virage.money.wallet.funding.api import auto_top_up_confirm_email, auto_top_up_off_email, payout_failed_email
from virage.sale.draws.api import draw_email
from virage.sale.membership.api import membership_email
from virage.sale.points.api import points_lapse_email, reward_email
from virage.sale.ticketing.api import (
    bundle_paid_email,
    debit_email,
    event_moved_email,
    listing_email,
    money_returned_email,
    order_paid_email,
    received_refunded_email,
    refund_email,
    refund_failed_email,
    seats_changed_email,
    tickets_held_email,
    transfer_email,
)

COMPOSERS: Final[Mapping[EmailKind, EmailComposer]] = {
    EmailKind.SIGN_IN_CODE: sealed_content,
    EmailKind.OPEN_SIGN_IN_CODE: sealed_content,
    EmailKind.PHONE_CODE: sealed_content,
    EmailKind.INVITATION: invitation_content,
    EmailKind.ACCOUNT_ERASED: sealed_content,
    EmailKind.PASSKEY_ADDED: account_content,
    EmailKind.PASSKEY_REMOVED: account_content,
    EmailKind.PASSKEY_CLONED: account_content,
    EmailKind.NEW_DEVICE: account_content,
    EmailKind.RECOVERY_STARTED: recovery_content,
    EmailKind.RECOVERY_USED: account_content,
    EmailKind.RECOVERY_CODES_MADE: account_content,
    EmailKind.RECOVERY_CODE_USED: account_content,
    EmailKind.BREAK_GLASS_USED: account_content,
    EmailKind.ORDER_PAID: order_paid_email,
    EmailKind.BUNDLE_PAID: bundle_paid_email,
    EmailKind.REFUND: refund_email,
    EmailKind.REFUND_FAILED: refund_failed_email,
    EmailKind.PAYOUT_FAILED: payout_failed_email,
    EmailKind.TICKETS_SUSPENDED: tickets_held_email,
    EmailKind.TICKETS_REINSTATED: tickets_held_email,
    EmailKind.DOUBLE_PAYMENT: money_returned_email,
    EmailKind.LATE_PAYMENT: money_returned_email,
    EmailKind.DEBIT_STARTED: debit_email,
    EmailKind.DEBIT_FAILED: debit_email,
    EmailKind.DEBIT_RETURNED: debit_email,
    EmailKind.EVENT_CANCELLED: refund_email,
    EmailKind.EVENT_MOVED: event_moved_email,
    EmailKind.SEATS_CHANGED: seats_changed_email,
    EmailKind.TRANSFER_OFFERED: transfer_email,
    EmailKind.TRANSFER_ACCEPTED: transfer_email,
    EmailKind.TRANSFER_CANCELLED: transfer_email,
    EmailKind.TRANSFER_EXPIRED: transfer_email,
    EmailKind.TICKETS_RECEIVED: transfer_email,
    EmailKind.TICKETS_RETURNED: transfer_email,
    EmailKind.RECEIVED_REFUNDED: received_refunded_email,
    EmailKind.LISTING_SOLD: listing_email,
    EmailKind.LISTING_ENDED: listing_email,
    EmailKind.LISTING_ALLOWED: listing_email,
    EmailKind.LISTING_REFUSED: listing_email,
    EmailKind.MEMBERSHIP_BEGUN: membership_email,
    EmailKind.MEMBERSHIP_ENDS_SOON: membership_email,
    EmailKind.MEMBERSHIP_CANCELLED: membership_email,
    EmailKind.MEMBERSHIP_MONEY_RETURNED: membership_email,
    EmailKind.MEMBERSHIP_REFUND_FAILED: membership_email,
    EmailKind.POINTS_LAPSE_SOON: points_lapse_email,
    EmailKind.REWARD_READY: reward_email,
    EmailKind.REWARD_CANCELLED: reward_email,
    EmailKind.DRAW_ENTERED: draw_email,
    EmailKind.DRAW_WON: draw_email,
    EmailKind.DRAW_TO_PAY: draw_email,
    EmailKind.DRAW_NOT_WON: draw_email,
    EmailKind.DRAW_CANCELLED: draw_email,
    EmailKind.FOOD_RECEIPT: food_receipt_email,
    EmailKind.TOP_UP_OFF: auto_top_up_off_email,
    EmailKind.TOP_UP_CONFIRM: auto_top_up_confirm_email,
}
