"""Runs of free seats in one segment, as bits of an integer: bit i is seat i, 1 is free."""

from functools import lru_cache

from virage.sale.ticketing.rules.terms import PARTY_MAX


def starts_of(mask: int, size: int) -> int:
    """Return the bits at which `size` adjacent free seats begin."""
    for _ in range(size - 1):
        mask &= mask >> 1
    return mask


def without_orphans(mask: int, size: int) -> int:
    """Return those of `starts_of` that leave no single free seat on either side."""
    run_starts = mask & ~(mask << 1)
    run_ends = mask & ~(mask >> 1)
    return starts_of(mask, size) & ~(run_starts << 1) & ~(run_ends >> size)


def flush(mask: int, size: int, starts: int) -> int:
    """Return those of `starts` at an end of their run, which keep the rest of the run whole."""
    run_starts = mask & ~(mask << 1)
    run_ends = mask & ~(mask >> 1)
    return starts & (run_starts | (run_ends >> (size - 1)))


@lru_cache(maxsize=1 << 16)
def fits(mask: int) -> int:
    """Return the party sizes that fit without leaving a single seat: bit k for a party of k, 1 to 9."""
    room = 0
    for size in range(1, PARTY_MAX + 1):
        if without_orphans(mask, size):
            room |= 1 << size
    return room


@lru_cache(maxsize=1 << 16)
def longest(mask: int) -> int:
    """Return the length of the longest run, at most 9."""
    length = 0
    while mask and length < PARTY_MAX:
        mask &= mask >> 1
        length += 1
    return length


def bits(mask: int) -> list[int]:
    """Return the positions of the set bits in ascending order."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
