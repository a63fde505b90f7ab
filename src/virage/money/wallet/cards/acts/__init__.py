"""What happens to cards and to phones that pay, for many at once, in the caller's transaction."""
