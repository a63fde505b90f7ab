"""Public Structs and pure functions of payments."""

from virage.money.payments.payouts import BalanceEntry as BalanceEntry
from virage.money.payments.payouts import EntryKind as EntryKind
from virage.money.payments.payouts import Listing as Listing
from virage.money.payments.payouts import PayoutState as PayoutState
from virage.money.payments.payouts import ProviderPayout as ProviderPayout
from virage.money.payments.rules import FAILED as FAILED
from virage.money.payments.rules import OPEN as OPEN
from virage.money.payments.rules import Captured as Captured
from virage.money.payments.rules import Charge as Charge
from virage.money.payments.rules import Dispute as Dispute
from virage.money.payments.rules import DisputeChange as DisputeChange
from virage.money.payments.rules import Failed as Failed
from virage.money.payments.rules import FailedRefund as FailedRefund
from virage.money.payments.rules import NewSavedCard as NewSavedCard
from virage.money.payments.rules import PaidBy as PaidBy
from virage.money.payments.rules import Payment as Payment
from virage.money.payments.rules import PaymentIntent as PaymentIntent
from virage.money.payments.rules import PaymentRefusal as PaymentRefusal
from virage.money.payments.rules import PaymentState as PaymentState
from virage.money.payments.rules import Reference as Reference
from virage.money.payments.rules import Refund as Refund
from virage.money.payments.rules import RefundRequest as RefundRequest
from virage.money.payments.rules import SavedCard as SavedCard
from virage.money.payments.rules import SavedCardState as SavedCardState
from virage.money.payments.settings import PaymentSettings as PaymentSettings
