"""What a source says, put into the feed's words and into figures, without a database or a clock."""
