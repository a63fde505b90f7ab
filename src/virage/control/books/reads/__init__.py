"""What the office and the accountant read."""
