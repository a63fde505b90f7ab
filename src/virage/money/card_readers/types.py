"""Public Structs and pure functions of card readers."""

from virage.money.card_readers.rules import PURPOSE as PURPOSE
from virage.money.card_readers.rules import CardPayment as CardPayment
from virage.money.card_readers.rules import CardPaymentDefect as CardPaymentDefect
from virage.money.card_readers.rules import Reader as Reader
from virage.money.card_readers.rules import defect_of as defect_of
from virage.money.card_readers.rules import is_reference as is_reference
