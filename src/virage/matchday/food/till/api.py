"""What other domains may do with till, and read of it."""

from virage.matchday.food.till.acts import bookings_of as bookings_of
from virage.matchday.food.till.acts import insert_bookings as insert_bookings
from virage.matchday.food.till.acts import receipts_of as receipts_of
from virage.matchday.food.till.acts.early import judge_early as judge_early
from virage.matchday.food.till.acts.early import write_early as write_early
from virage.matchday.food.till.acts.selling import PhoneOrders as PhoneOrders
from virage.matchday.food.till.acts.selling import take as take
from virage.matchday.food.till.acts.tendering import rows_of as rows_of
from virage.matchday.food.till.rules.tendering import Sent as Sent
