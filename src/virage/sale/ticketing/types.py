"""What other domains' rules may know of ticketing: its Structs and pure functions."""

from virage.sale.ticketing.rules.books import TicketMoney as TicketMoney
from virage.sale.ticketing.rules.holders import Holder as Holder
from virage.sale.ticketing.rules.open_sale import OpenSale as OpenSale
from virage.sale.ticketing.rules.pricing import AreaPricing as AreaPricing
from virage.sale.ticketing.rules.pricing import Category as Category
from virage.sale.ticketing.rules.pricing import Pricing as Pricing
from virage.sale.ticketing.rules.terms import Best as Best
from virage.sale.ticketing.rules.terms import Buyer as Buyer
from virage.sale.ticketing.rules.terms import Chosen as Chosen
from virage.sale.ticketing.rules.terms import ChosenPlace as ChosenPlace
from virage.sale.ticketing.rules.terms import HoldRequest as HoldRequest
from virage.sale.ticketing.rules.terms import OrderRow as OrderRow
from virage.sale.ticketing.rules.terms import Party as Party
from virage.sale.ticketing.rules.terms import Seats as Seats
from virage.sale.ticketing.rules.terms import Standing as Standing
from virage.sale.ticketing.rules.terms import Tariff as Tariff
