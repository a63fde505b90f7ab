"""Commands of live; each runs in the caller's transaction."""
