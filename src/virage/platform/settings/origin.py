"""The origin of a request: the peer, or the client that a trusted reverse proxy names."""

from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

COUNTRY_HEADER = "x-country"


class Origin(Struct, frozen=True):
    """The IP address of a client, and its country (ISO 3166-1 alpha-2) if the proxy names it."""

    address: str | None = None
    country: str | None = None


def is_loopback(address: str) -> bool:
    """Return whether an address is loopback (127.0.0.0/8, ::1)."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Return whether a host is localhost or a private address; False for any other name."""
    if names_this_machine(host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified


def names_this_machine(host: str) -> bool:
    """Return whether browsers resolve the host of an address to this machine."""
    return host == "localhost" or is_loopback(host)


def origin_of(peer: str | None, headers: Iterable[tuple[str, str]], edge_networks: tuple[str, ...]) -> Origin:
    """Return the origin: from `X-Forwarded-For` and `X-Country` if the peer is a trusted proxy, else the peer itself.

    Each hop appends the address that it saw, to the line or as a line of its own (RFC 9110, 5.3): the last one that is
    not the edge's own is the one that it vouches for.
    """
    networks = _networks(edge_networks)
    seen = _address(peer)
    if not _within(seen, networks):
        return Origin(None if seen is None else str(seen))
    lines = [(name.lower(), value) for name, value in headers]
    hops = [hop.strip() for name, value in lines if name == "x-forwarded-for" for hop in value.split(",")]
    country = next((value for name, value in reversed(lines) if name == COUNTRY_HEADER), "")
    foreign = next((found for hop in reversed(hops) if not _within(found := _address(hop), networks)), None)
    return Origin(None if foreign is None else str(foreign), country.upper() or None)


@cache
def _networks(texts: tuple[str, ...]) -> list[Network]:
    return [ip_network(text) for text in texts]


def _within(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(text: str | None) -> Address | None:
    """Parse an address; a dual-stack server sees IPv4 as `::ffff:192.0.2.1` (RFC 4291)."""
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
