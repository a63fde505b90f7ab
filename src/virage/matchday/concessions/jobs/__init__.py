"""What food and shop do by themselves."""
