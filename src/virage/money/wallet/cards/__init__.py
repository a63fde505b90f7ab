"""Contactless cards and phones that pay from a wallet."""
