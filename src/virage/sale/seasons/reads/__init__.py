"""Reads of renewals for screens, emails and other domains."""
