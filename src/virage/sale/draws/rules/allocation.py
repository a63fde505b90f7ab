"""The allocation of a draw: one pass in the order of the draw, and the same pass again for places that return."""

from collections.abc import Iterable, Sequence

from virage.sale.draws.rules.files import NO_CATEGORY, DrawnEntry


class Room:
    """What is left of each quota: ordinary places, and wheelchair spaces with their companion seats."""

    def __init__(self, places: Iterable[int], spaces: Iterable[int]) -> None:
        self.places = list(places)
        self.spaces = list(spaces)

    def give(self, entry: DrawnEntry) -> int:
        """Take the first wish with room for the whole group, and return its position; -1 if no wish has room."""
        for category in entry.wishes:
            if self.places[category] >= entry.places and self.spaces[category] >= entry.spaces:
                self.places[category] -= entry.places
                self.spaces[category] -= entry.spaces
                return category
        return NO_CATEGORY

    def take_back(self, entry: DrawnEntry, category: int) -> None:
        """Return the places of an entry to their quota."""
        self.places[category] += entry.places
        self.spaces[category] += entry.spaces

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of any quota."""
        return not any(self.places) and not any(self.spaces)


def allocate(entries: Sequence[DrawnEntry], room: Room) -> list[int]:
    """Return the category of each entry, in order; -1 for the waiting order. `room` has then what is left.

    Wheelchair spaces are a quota of their own, so that the groups of others never use them up.
    """
    return [room.give(entry) for entry in entries]


def offers(waiting: Iterable[DrawnEntry], room: Room) -> list[tuple[DrawnEntry, int]]:
    """Return who gets what is left, in the waiting order: an entry that nothing fits stays where it is."""
    given: list[tuple[DrawnEntry, int]] = []
    for entry in waiting:
        if room.is_empty:
            break
        category = room.give(entry)
        if category != NO_CATEGORY:
            given.append((entry, category))
    return given
