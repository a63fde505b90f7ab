"""Rules of the tills: pure functions without database, network or clock."""
