# identity/oauth/addresses.py -- the only addresses that a document of a client is fetched from: public ones.
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# Where the networks of the internet are. Within it are those that wrap an address of IPv4, which may be a private one.
GLOBAL_UNICAST = IPv6Network("2000::/3")
WRAPPING = (IPv6Network("2001::/23"), IPv6Network("2002::/16"))


def is_public_address(text: str) -> bool:
    """Whether anybody on the internet reaches it; False for everything that is of this machine or its networks."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return is_public_v4(address) if isinstance(address, IPv4Address) else is_public_v6(address)


def is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_public_v6(address: IPv6Address) -> bool:
    wraps = any(address in network for network in WRAPPING)
    return address in GLOBAL_UNICAST and address.is_global and not wraps
