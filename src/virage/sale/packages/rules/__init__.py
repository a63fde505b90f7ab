"""Rules of packages: pure functions without database, clock or web."""
