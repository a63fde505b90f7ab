"""What is told, and who is told of it, in the caller's transaction."""

from virage.live.acts.telling import EntriesTold, set_teams, tell

__all__ = ["EntriesTold", "set_teams", "tell"]
