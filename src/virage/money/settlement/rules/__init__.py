"""Rules of settlement: matching, bank statements, unmatched items."""
