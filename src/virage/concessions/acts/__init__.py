"""What happens at the counters and behind them, in the caller's transaction."""
