"""Who may send: a list of networks, asked once per sender and then remembered."""

import ipaddress
from collections.abc import Sequence

from shorthaul.errors import BadInput

REMEMBERED = 4_096


class Networks:
    """Allowed networks; an empty list allows everybody."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self._networks = [_network(text) for text in texts]
        self._answers: dict[str, bool] = {}

    def allow(self, address: str) -> bool:
        """Whether an address is in one of the networks."""
        if not self._networks:
            return True
        if address not in self._answers:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            self._answers[address] = self._is_in(address)
        return self._answers[address]

    def _is_in(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self._networks)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadInput(f"network {text!r}: {error}; give one like 10.0.0.0/8") from None
