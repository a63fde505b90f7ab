"""Commands of safety, each in the caller's transaction."""
