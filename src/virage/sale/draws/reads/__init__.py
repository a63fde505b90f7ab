"""Reads of draws for screens and other domains."""
