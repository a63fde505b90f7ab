"""Reads of membership for screens and other domains."""
