"""Rules of match data: CDF, attribution, statistics and proposed entries."""
