"""Rules of ticketing: pure functions without database, clock or web."""
