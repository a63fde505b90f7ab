"""Scheduled jobs of replay."""
