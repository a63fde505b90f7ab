"""What the wallet does, for many at once, in the caller's transaction."""
