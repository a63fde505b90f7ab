"""The demonstration's venues: a stadium, an arena and a second ground, drawn from a few measures each."""
