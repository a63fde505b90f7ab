"""What screens and the domains above may ask about cards and phones that pay."""
