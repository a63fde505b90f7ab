"""Reads of packages for screens and other domains."""
