"""What other systems tell of a match, and what is counted of it: docs/live.md."""
