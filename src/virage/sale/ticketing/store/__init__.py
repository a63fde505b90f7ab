"""Queries of ticketing, one typed function each."""
