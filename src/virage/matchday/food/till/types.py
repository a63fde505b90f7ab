"""Public Structs and pure functions of the tills."""

from virage.matchday.food.till.rules.booking import Part as Part
from virage.matchday.food.till.rules.booking import Payer as Payer
from virage.matchday.food.till.rules.booking import RecordKey as RecordKey
from virage.matchday.food.till.rules.booking import key_of as key_of
from virage.matchday.food.till.rules.booking import remaining_by_payer as remaining_by_payer
from virage.matchday.food.till.rules.booking import sale_of as sale_of
from virage.matchday.food.till.rules.booking import till_account as till_account
from virage.matchday.food.till.rules.booking import transfers as transfers
from virage.matchday.food.till.rules.limits import RefundReason as RefundReason
from virage.matchday.food.till.rules.limits import Seller as Seller
from virage.matchday.food.till.rules.limits import TillLimits as TillLimits
from virage.matchday.food.till.rules.limits import limits_of as limits_of
from virage.matchday.food.till.rules.limits import seller_of as seller_of
