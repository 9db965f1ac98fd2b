"""Addresses of servers, as fields of our kinds have them."""

from msgspec import Meta

_HOST = r"([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_PORT = (  # from 1 to 65535
    r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
HOST_AND_PORT = f"^{_HOST}:{_PORT}$"


def host_and_port(description: str) -> Meta:
    """What a field may hold when it is a host, by name or address, and a port."""
    return Meta(min_length=3, max_length=260, pattern=HOST_AND_PORT, description=description)
