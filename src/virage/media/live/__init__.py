"""What happens on the pitch, told to every phone in order."""
