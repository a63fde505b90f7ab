"""Booking of till records, also those of server-side tills."""

from virage.matchday.food.till.store.booking import bookings_of, insert_bookings, receipts_of

__all__ = ["bookings_of", "insert_bookings", "receipts_of"]
