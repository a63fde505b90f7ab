"""Background jobs of live."""
