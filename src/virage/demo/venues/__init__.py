"""The demonstration's venues: a stadium drawn from a few measures, and what is drawn from it."""
