"""What purses may decide, without a database or a clock."""
