"""What the wallet may decide, without a database or a clock."""
