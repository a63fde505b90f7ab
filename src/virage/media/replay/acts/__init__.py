"""Commands of replay, run in the caller's transaction."""
