"""Acts of funding, in the caller's transaction."""
