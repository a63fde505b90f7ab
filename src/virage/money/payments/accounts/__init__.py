"""Organisers' own accounts at the payment provider."""
