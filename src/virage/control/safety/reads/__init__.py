"""Reads of safety."""
