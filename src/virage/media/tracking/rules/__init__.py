"""Rules of tracking: positions, distance, speed, kicks and messages."""
