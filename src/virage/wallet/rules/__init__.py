"""What a purse and a card may do, without a database, a network or a clock."""
