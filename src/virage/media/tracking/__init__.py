"""Where everybody is on the pitch: positions for phones, distance and speed, what the ball feels."""
