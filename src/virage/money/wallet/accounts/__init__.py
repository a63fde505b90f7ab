"""The accounts of fans: purses, what is in them, and their history."""
