"""Rules of renewals: pure decisions."""
