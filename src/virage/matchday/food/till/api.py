"""Public acts and reads of the tills."""

from virage.matchday.food.till.acts import bookings_of as bookings_of
from virage.matchday.food.till.acts import insert_bookings as insert_bookings
from virage.matchday.food.till.acts import receipts_of as receipts_of
from virage.matchday.food.till.acts.early_refunds import settle_early_refunds as settle_early_refunds
from virage.matchday.food.till.acts.early_refunds import write_early_refunds as write_early_refunds
from virage.matchday.food.till.acts.selling import PhoneOrders as PhoneOrders
from virage.matchday.food.till.acts.selling import book_uploads as book_uploads
from virage.matchday.food.till.acts.tendering import booking_rows as booking_rows
from virage.matchday.food.till.reads.spent import TillSpends as TillSpends
from virage.matchday.food.till.rules.tendering import UploadedRecord as UploadedRecord
