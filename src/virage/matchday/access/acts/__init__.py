"""What happens at the gates, in the caller's transaction."""
