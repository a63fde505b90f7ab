"""Positions, their way to phones, distance, speed and kicks, without a database or a clock."""
