"""What tills do with money; whoever writes records of its own books them here."""

from virage.matchday.food.till.store.booking import bookings_of, insert_bookings, receipts_of

__all__ = ["bookings_of", "insert_bookings", "receipts_of"]
