"""Routes of the venue: public ones, and those of the office."""
