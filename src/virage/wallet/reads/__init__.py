"""What screens and neighbours may ask about purses and cards."""
