"""Commands of packages, in the caller's transaction."""
