"""What those who answer for the evening read of all domains below: the books."""
