"""What the box office does, for many at once, in the caller's transaction."""
