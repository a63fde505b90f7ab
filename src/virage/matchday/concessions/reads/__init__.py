"""What counters, offices and neighbours may know of concessions."""
