"""Rules of membership: pure functions without database, clock or web."""
