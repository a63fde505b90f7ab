"""Live tracking: positions, distance and speed of players, and the connected ball."""
