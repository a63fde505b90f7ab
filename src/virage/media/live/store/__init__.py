"""What stands of feeds, and of who is told of them."""
