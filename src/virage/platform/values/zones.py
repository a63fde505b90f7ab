"""Names of time zones for people."""

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_location

from virage.platform.values.formats import formats_of

UNKNOWN_TO_BROWSERS: Final = frozenset({"Factory", "localtime"})


@cache
def zone_names() -> frozenset[str]:
    """Return the IANA names of the time zones that programs and browsers know."""
    return frozenset(available_timezones() - UNKNOWN_TO_BROWSERS)


def zone_note(zone: ZoneInfo, home: ZoneInfo) -> str:
    """Return the IANA name to state beside the times of a zone; empty for the zone that readers expect."""
    return "" if zone.key == home.key else zone.key


def zone_city(zone: str, language: str) -> str:
    """Return the city of an IANA time zone in an installed language: `New York`."""
    return get_timezone_location(ZoneInfo(zone), locale=formats_of(language), return_city=True)
