"""A reader of deterministic CBOR (RFC 8949, 4.2.1) for the types of a pass; it rejects everything else.

A general decoder builds dates, big numbers and references from untrusted bytes, and accepts several encodings of one
value. `cbor2` in canonical mode writes.
"""

from typing import Any, Final, Never

import cbor2

_DEPTH_MAX: Final = 6
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _SIMPLE = 0, 1, 2, 3, 4, 5, 7
_FALSE, _TRUE = 20, 21
_SMALLEST_OF: Final = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
_ONE_BYTE_MORE: Final = 24
_EIGHT_BYTES_MORE: Final = 27


class NotDeterministic(ValueError):
    """The bytes are not deterministic CBOR of the types of a pass."""


def encode(item: object) -> bytes:
    """Return the deterministic encoding of integers, bytes, text, booleans, and lists and maps of them."""
    return cbor2.dumps(item, canonical=True)


def decode(data: bytes) -> Any:
    """Return the one item that spans `data`.

    Raises:
        NotDeterministic: for a longer head than needed, indefinite lengths, unordered or repeated keys, tags, floats,
            depths above six, missing or trailing bytes.
    """
    item, end = _item(data, 0, 0)
    if end != len(data):
        _refuse("trailing bytes")
    return item


def _refuse(why: str) -> Never:
    raise NotDeterministic(why)


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """Return the item at `at`, and the position after it."""
    if depth > _DEPTH_MAX:
        _refuse("too deep")
    if at >= len(data):
        _refuse("missing bytes")
    major, argument, start = data[at] >> 5, data[at] & 0x1F, at + 1
    if argument >= _ONE_BYTE_MORE:
        argument, start = _longer_argument(data, start, argument)
    if major == _UNSIGNED:
        return argument, start
    if major == _NEGATIVE:
        return -1 - argument, start
    if major in (_BYTES, _TEXT):
        return _string(data, start, argument, major)
    if major == _ARRAY:
        return _array(data, start, argument, depth)
    if major == _MAP:
        return _map(data, start, argument, depth)
    if major == _SIMPLE and argument in (_FALSE, _TRUE) and start == at + 1:
        return argument == _TRUE, start
    _refuse("a type no pass has")


def _longer_argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    """Return the argument of a head that takes more than one byte, and the position after it."""
    if info > _EIGHT_BYTES_MORE:
        _refuse("indefinite or reserved length")
    size = 1 << (info - _ONE_BYTE_MORE)
    end = at + size
    if end > len(data):
        _refuse("missing bytes")
    argument = int.from_bytes(data[at:end])
    if argument < _SMALLEST_OF[size]:
        _refuse("longer head than needed")
    return argument, end


def _string(data: bytes, start: int, length: int, major: int) -> tuple[bytes | str, int]:
    end = start + length
    if end > len(data):
        _refuse("missing bytes")
    if major == _BYTES:
        return data[start:end], end
    try:
        return data[start:end].decode(), end
    except UnicodeDecodeError:
        _refuse("text that is not UTF-8")


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    if count > len(data) - at:  # an item takes a byte at least
        _refuse("missing bytes")
    items: list[Any] = []
    for _ in range(count):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[int, Any], int]:
    if count * 2 > len(data) - at:
        _refuse("missing bytes")
    entries: dict[int, Any] = {}
    last = b""
    for _ in range(count):
        key, end = _item(data, at, depth + 1)
        encoded = data[at:end]
        if type(key) is not int or encoded <= last:
            _refuse("keys that are no integers, repeat or stand out of order")
        last = encoded
        entries[key], at = _item(data, end, depth + 1)
    return entries, at
