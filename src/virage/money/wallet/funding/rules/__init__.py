"""What the funding of purses may decide, without a database or a clock."""
