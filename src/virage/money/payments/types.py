"""What other domains' rules may know of payments: its Structs and pure functions."""

from virage.money.payments.rules import FAILED as FAILED
from virage.money.payments.rules import OPEN as OPEN
from virage.money.payments.rules import Captured as Captured
from virage.money.payments.rules import Charge as Charge
from virage.money.payments.rules import Failed as Failed
from virage.money.payments.rules import Method as Method
from virage.money.payments.rules import MethodState as MethodState
from virage.money.payments.rules import NewMethod as NewMethod
from virage.money.payments.rules import Payment as Payment
from virage.money.payments.rules import Reference as Reference
from virage.money.payments.rules import Refund as Refund
from virage.money.payments.rules import RefundRequest as RefundRequest
from virage.money.payments.rules import Start as Start
from virage.money.payments.rules import State as State
from virage.money.payments.settings import PaymentSettings as PaymentSettings
