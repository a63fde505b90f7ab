"""What other domains' rules may know of till: its Structs and pure functions."""

from virage.matchday.food.till.rules.booking import Part as Part
from virage.matchday.food.till.rules.booking import Payer as Payer
from virage.matchday.food.till.rules.booking import RecordKey as RecordKey
from virage.matchday.food.till.rules.booking import key_of as key_of
from virage.matchday.food.till.rules.booking import left_of as left_of
from virage.matchday.food.till.rules.booking import sale_of as sale_of
from virage.matchday.food.till.rules.booking import till_account as till_account
from virage.matchday.food.till.rules.booking import transfers as transfers
from virage.matchday.food.till.rules.limits import House as House
from virage.matchday.food.till.rules.limits import RefundReason as RefundReason
from virage.matchday.food.till.rules.limits import TillLimits as TillLimits
from virage.matchday.food.till.rules.limits import house_of as house_of
from virage.matchday.food.till.rules.limits import limits_of as limits_of
