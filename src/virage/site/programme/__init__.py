"""The programme: organisers, events, their times and rules."""
