"""Virage: the open system that runs a connected stadium."""
