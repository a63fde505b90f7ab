"""What other domains' rules may know of access: its Structs and pure functions."""

from virage.matchday.access.rules.attending import Attending as Attending
