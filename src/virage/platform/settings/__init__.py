"""What a deployment sets, read once from its environment, and what a process says of itself in its log."""
