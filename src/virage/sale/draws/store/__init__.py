"""Queries of draws, one typed function each."""
