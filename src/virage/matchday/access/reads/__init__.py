"""What gates, supervisors and neighbours may know of the crossing."""
