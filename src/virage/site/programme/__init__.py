"""What is on: organisers, events, their times and house rules."""
