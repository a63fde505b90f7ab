"""Queries of feeds and notifications."""
