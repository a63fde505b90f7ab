"""Ticketing: prices, holds, best seats, orders, tickets."""
