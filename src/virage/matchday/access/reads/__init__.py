"""Reads of access for gates, supervisors and other domains."""
