"""Rules of draws: pure functions without database, clock or web."""
