"""Time zones of the tests: the default of a deployment, and one west of Greenwich."""

from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
