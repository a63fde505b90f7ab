"""What happens to purses and cards, in the caller's transaction."""
