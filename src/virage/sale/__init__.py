"""Ticket sales."""
