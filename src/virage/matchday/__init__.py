"""What happens in the venue on a match day: gates, and the sale of food and drinks."""
