"""Acts of safety for other packages."""

from virage.control.safety.acts.teams import forget_teams as forget_teams
