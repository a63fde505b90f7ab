"""Queries of replay, one typed function each."""
