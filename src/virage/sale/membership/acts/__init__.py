"""Commands of membership, in the caller's transaction."""
