"""What cards and phones that pay may decide, without a database or a clock."""
