"""From where a request comes: the peer, or what the edge in front of us says of whom it hands on."""

from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

COUNTRY_HEADER = "x-country"


class Origin(Struct, frozen=True):
    """The address of whoever asks, and their country (ISO 3166-1 alpha-2) where the edge says it."""

    address: str | None = None
    country: str | None = None


def origin_of(peer: str | None, headers: Iterable[tuple[str, str]], edge_networks: tuple[str, ...]) -> Origin:
    """Believe `X-Forwarded-For` and `X-Country` only of a peer in the edge's networks; of anybody else, the peer.

    Each hop appends the address that it saw, to the line or as a line of its own (RFC 9110, 5.3): the last one that is
    not the edge's own is the one that it vouches for.
    """
    networks = _networks(edge_networks)
    if not _within(peer, networks):
        return Origin(peer if _is_address(peer) else None)
    lines = [(name.lower(), value) for name, value in headers]
    hops = [hop.strip() for name, value in lines if name == "x-forwarded-for" for hop in value.split(",")]
    country = next((value for name, value in reversed(lines) if name == COUNTRY_HEADER), "")
    foreign = next((hop for hop in reversed(hops) if not _within(hop, networks)), None)
    return Origin(foreign if _is_address(foreign) else None, country.upper() or None)


@cache
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text) for text in texts]


def _within(address: str | None, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return address is not None and _is_address(address) and any(ip_address(address) in one for one in networks)


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True
