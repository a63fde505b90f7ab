"""Queries of safety, one typed function each."""
