"""Fiscal journal: numbered and chained till records, signed closings, verifiable archives."""
