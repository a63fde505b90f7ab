"""Ways to split a party that cannot sit together."""

from collections.abc import Iterator, Sequence


def partitions(size: int) -> Iterator[list[int]]:
    """Yield the ways to split a party, the best first: even parts, then uneven ones; single people last."""
    seen: set[tuple[int, ...]] = set()
    for count in range(2, size // 2 + 1):
        whole, more = divmod(size, count)
        parts = tuple([whole + 1] * more + [whole] * (count - more))
        if parts not in seen:
            seen.add(parts)
            yield list(parts)
    for largest in range(size - 2, size // 2, -1):
        parts = (largest, size - largest)
        if parts not in seen:
            seen.add(parts)
            yield list(parts)


def near_first(segments: Sequence[int], rows: Sequence[int], row: int) -> list[int]:
    """Return segments by the distance of their row; better seats first at equal distance."""
    return sorted(segments, key=lambda segment: (abs(rows[segment] - row), segment))
