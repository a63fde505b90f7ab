"""What concessions do."""
