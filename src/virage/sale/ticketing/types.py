"""Structs and pure functions of ticketing for the rules of other domains."""

from virage.sale.ticketing.rules.books import TicketMoney as TicketMoney
from virage.sale.ticketing.rules.early import EarlySale as EarlySale
from virage.sale.ticketing.rules.early import EarlyWindow as EarlyWindow
from virage.sale.ticketing.rules.holders import Holder as Holder
from virage.sale.ticketing.rules.open_sale import OpenSale as OpenSale
from virage.sale.ticketing.rules.pricing import AreaPricing as AreaPricing
from virage.sale.ticketing.rules.pricing import PriceCategory as PriceCategory
from virage.sale.ticketing.rules.pricing import Pricing as Pricing
from virage.sale.ticketing.rules.reseating import BestEqual as BestEqual
from virage.sale.ticketing.rules.reseating import GiveBack as GiveBack
from virage.sale.ticketing.rules.reseating import MoveChoice as MoveChoice
from virage.sale.ticketing.rules.reseating import Reseat as Reseat
from virage.sale.ticketing.rules.terms import AcceptedTerms as AcceptedTerms
from virage.sale.ticketing.rules.terms import Arrangement as Arrangement
from virage.sale.ticketing.rules.terms import BestSeats as BestSeats
from virage.sale.ticketing.rules.terms import Buyer as Buyer
from virage.sale.ticketing.rules.terms import ChosenSeat as ChosenSeat
from virage.sale.ticketing.rules.terms import ChosenSeats as ChosenSeats
from virage.sale.ticketing.rules.terms import HoldRequest as HoldRequest
from virage.sale.ticketing.rules.terms import OrderRow as OrderRow
from virage.sale.ticketing.rules.terms import Party as Party
from virage.sale.ticketing.rules.terms import Seats as Seats
from virage.sale.ticketing.rules.terms import StandingPlaces as StandingPlaces
from virage.sale.ticketing.rules.terms import Tariff as Tariff
