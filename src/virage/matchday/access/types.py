"""Structs and pure functions of access that other domains' rules may import."""

from virage.matchday.access.rules.attendance import EventAttendance as EventAttendance
