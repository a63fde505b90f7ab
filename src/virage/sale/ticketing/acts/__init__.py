"""Commands of ticketing, in batches, in the caller's transaction."""
