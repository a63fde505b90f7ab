"""Commands of points."""
