"""What screens and neighbours may ask of ticketing."""
