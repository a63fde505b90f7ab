"""Queries of membership, one typed function each."""
