"""The tables of points."""
