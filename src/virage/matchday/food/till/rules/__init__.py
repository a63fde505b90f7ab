"""What the counter decides, without a database, a network or a clock."""
