"""The sale of seats."""
