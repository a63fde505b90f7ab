"""What a replay is, without a database, a clock or a picture."""
