"""The live match feed, its sources, statistics and push notifications."""
