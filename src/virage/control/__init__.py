"""What is read of all domains below and told to those who answer for the evening: the books."""
