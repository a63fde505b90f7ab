"""Queries of the tills, one typed function each."""
