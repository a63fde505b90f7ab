"""Queries of the books, one typed function each."""
