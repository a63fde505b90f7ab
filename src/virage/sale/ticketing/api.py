"""Commands and reads of ticketing for other domains."""

from virage.sale.ticketing.acts.emails import event_moved as write_event_moved
from virage.sale.ticketing.acts.holding import Hold as Hold
from virage.sale.ticketing.acts.holding import hold as hold
from virage.sale.ticketing.acts.paying import PURPOSE as PURPOSE
from virage.sale.ticketing.acts.paying import OrderMoney as OrderMoney
from virage.sale.ticketing.acts.paying import Pay as Pay
from virage.sale.ticketing.acts.paying import Paying as Paying
from virage.sale.ticketing.acts.paying import pay as pay
from virage.sale.ticketing.acts.pricing import set_pricing as set_pricing
from virage.sale.ticketing.acts.refunding import erased as refund_erased
from virage.sale.ticketing.acts.refunding import event_cancelled as refund_event
from virage.sale.ticketing.reads.books import moved as money_moved
from virage.sale.ticketing.reads.emails import event_moved as event_moved_email
from virage.sale.ticketing.reads.emails import money_returned as money_returned_email
from virage.sale.ticketing.reads.emails import order_paid as order_paid_email
from virage.sale.ticketing.reads.emails import refunded as refund_email
from virage.sale.ticketing.reads.gates import all_holders as all_holders
from virage.sale.ticketing.reads.gates import find_holders as find_holders
from virage.sale.ticketing.reads.gates import order_codes as order_codes
from virage.sale.ticketing.reads.gates import places_of_owners as places_of_owners
from virage.sale.ticketing.reads.open_sales import load_sale as load_sale
from virage.sale.ticketing.reads.views import export as export_tickets
from virage.sale.ticketing.reads.views import orders as orders
from virage.sale.ticketing.reads.views import upcoming_of as upcoming_of
