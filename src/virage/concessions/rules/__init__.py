"""What a counter may decide, without a database or a clock."""
