"""Money comes into purses and goes back, in the caller's transaction."""
