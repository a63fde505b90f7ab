"""Structs of membership for the rules of other domains."""

from virage.sale.membership.rules.books import MembershipMoney as MembershipMoney
from virage.sale.membership.rules.terms import EventWindow as EventWindow
from virage.sale.membership.rules.terms import TierContent as TierContent
