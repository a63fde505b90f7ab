"""What the office and the house do with what is sold."""
