"""Match data of external sources, and statistics: docs/live.md."""
