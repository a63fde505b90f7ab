"""What phones show of a match: the feed, live tracking and replays."""
