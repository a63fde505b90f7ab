"""What is published and taken down, in the caller's transaction."""
