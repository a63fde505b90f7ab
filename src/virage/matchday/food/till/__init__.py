"""What tills sell: asked or told, booked, judged, given back, and what they need to go on alone."""
