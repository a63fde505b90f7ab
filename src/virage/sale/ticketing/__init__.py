"""The right to a place: prices, holds, best seats, orders, tickets."""
