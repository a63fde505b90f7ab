"""What fans and kitchens do with orders."""
