"""What happens in a match, and what is told of it, without a database or a clock."""
