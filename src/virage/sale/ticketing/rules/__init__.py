"""What ticketing may decide, without a database, a clock or a request."""
