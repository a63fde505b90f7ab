"""What counters, offices and neighbours may know of the catalogue and the stock."""
