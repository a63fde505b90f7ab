"""Reads of ticketing for screens and other domains."""
