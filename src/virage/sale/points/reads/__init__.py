"""Reads of points for screens and other domains."""
