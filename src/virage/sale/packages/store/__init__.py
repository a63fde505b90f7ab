"""Queries of packages, one typed function each."""
