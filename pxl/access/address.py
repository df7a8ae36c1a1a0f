"""Tells the address of a client, believing only the proxies that the operator named."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A customer of any provider has at least so many bits to walk through.
_IPV6_PREFIX = 64


def read_networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks between commas; raise ValueError where one is neither.

    >>> read_networks("10.0.0.1, 172.16.0.0/12")
    (IPv4Network('10.0.0.1/32'), IPv4Network('172.16.0.0/12'))
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address that the request came from, as the outermost trusted proxy saw it.

    ``peer`` is the other end of the connection, ``forwarded_for`` the X-Forwarded-For header fields. They are read
    from the right, where our own proxies wrote, up to the first address that is not one of them: what stands
    further left was written by whoever is there, and may be anything.

    >>> ours = read_networks("10.0.0.0/8")
    >>> client_address("10.0.0.1", ["6.6.6.6, 192.0.2.7, 10.0.0.2"], ours)
    '192.0.2.7'
    >>> client_address("192.0.2.7", ["6.6.6.6"], ours)
    '192.0.2.7'
    """
    nearest = _read(peer)
    if nearest is None or not _is_within(nearest, trusted):
        return peer
    hops = [hop.strip() for field in forwarded_for for hop in field.split(",")]
    for hop in reversed(hops):
        address = _read(hop)
        if address is None:
            break
        nearest = address
        if not _is_within(address, trusted):
            break
    return str(nearest)


def bucket(address: str) -> str:
    """Return what requests from an address are counted under: an IPv6 network of 64 bits is one client.

    >>> bucket("2001:db8:1:2:3:4:5:6"), bucket("::ffff:192.0.2.7"), bucket("192.0.2.7")
    ('2001:db8:1:2::/64', '192.0.2.7', '192.0.2.7')
    """
    read = _read(address)
    if isinstance(read, IPv6Address):
        return str(ip_network((read, _IPV6_PREFIX), strict=False))
    return str(read or "unknown")


def _read(text: str) -> Address | None:
    """Return the address, an IPv4 one also where it is dressed as IPv6; None when it is none."""
    try:
        address = ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
