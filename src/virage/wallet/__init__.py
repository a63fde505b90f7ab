"""The purse: what fans pay with in the ground, and the contactless cards that spend it."""
