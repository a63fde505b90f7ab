"""What decides about orders, without a database, a network or a clock."""
