"""Draws: seats of a match in demand are allotted by a lottery that everyone can check."""
