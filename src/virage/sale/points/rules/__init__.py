"""Rules of points: pure functions without database, clock or web."""
