"""Which addresses a server may call on behalf of somebody else: those of the public Internet, and what was allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Union

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]

# What `is_global` of some Python still calls public, and what is not one machine somewhere in the Internet.
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7",
    )
)  # fmt: skip
_METADATA = tuple(ip_network(text) for text in ("fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32"))
"""Where clouds answer with credentials, beside 169.254.0.0/16; inside of networks that one may want to allow."""
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether an address, and each one that is written inside of it, is one of the public Internet."""
    return all(one.is_global and not _in(one, _REFUSED) for one in _meant(address))


def is_private(address: Address) -> bool:
    """Whether it is one of this machine or of a private network, and no place where a cloud keeps credentials."""
    return all(_in(one, _PRIVATE) and not _in(one, _METADATA) for one in _innermost(address))


def is_allowed(address: Address, *, private: bool = False, networks: Sequence[Network] = ()) -> bool:
    """Whether an address may be called.

    Args:
        address: as the connection would be made to it.
        private: those of this machine and of private networks, too; never link-local ones, where clouds keep
            credentials, nor groups.
        networks: these, too, whatever they are.
    """
    if is_public(address) or (private and is_private(address)):
        return True
    return bool(networks) and all(_in(one, networks) for one in _innermost(address))


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as ``10.1.0.0/16``, or single addresses.

    Raises:
        ValueError: one is none.
    """
    return tuple(ip_network(text) for text in texts)


def parse_address(text: str) -> Address:
    """An address as the system's resolver writes it, perhaps with a zone behind it.

    Raises:
        ValueError: it is none.
    """
    return ip_address(text.partition("%")[0])


def _in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that stand in an IPv6 address."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _meant(address: Address) -> Iterator[Address]:
    """All addresses that a packet to this one may end at; a mapped one is nothing but the IPv4 address in it."""
    if isinstance(address, IPv4Address) or address.ipv4_mapped is None:
        yield address
    yield from _embedded(address)


def _innermost(address: Address) -> list[Address]:
    return list(_embedded(address)) or [address]
