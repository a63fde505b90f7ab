"""What the catalogue, the law and the stock decide, without a database, a network or a clock."""
