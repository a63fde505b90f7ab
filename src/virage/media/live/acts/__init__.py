"""What is told, and who is told of it, in the caller's transaction."""
