"""What figures, drawers, statements and journals come to, without a database, a network or a clock."""
