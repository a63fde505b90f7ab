"""What screens and neighbours may ask about concessions."""
