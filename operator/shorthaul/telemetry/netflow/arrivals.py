"""Messages as they came, many in one buffer, so that the compiled reader can take them in one call.

A sender has a key of 28 bytes, which is all that the compiled reader knows of it: whoever fills the
buffer says which sender a key stands for, and gives one sender one key. A collector's keys are the
kernel's own socket addresses.
"""

import ipaddress
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shorthaul.telemetry.netflow.exporters import Sender

KEY_BYTES = 28


@dataclass(slots=True)
class Arrivals:
    """`number` messages: where each begins in `data`, how long it is, and its sender's key."""

    data: bytearray
    places: "array[int]"
    lengths: "array[int]"
    keys: bytearray
    sender_of: Callable[[bytes], Sender]
    number: int = 0

    def message(self, at: int) -> bytes:
        """One message."""
        begin = self.places[at]
        return bytes(memoryview(self.data)[begin : begin + self.lengths[at]])

    def key(self, at: int) -> bytes:
        """The key of its sender."""
        return bytes(memoryview(self.keys)[at * KEY_BYTES : (at + 1) * KEY_BYTES])

    def sender(self, at: int) -> Sender:
        """Who sent it."""
        return self.sender_of(self.key(at))

    def only(self, chosen: Sequence[int]) -> "Arrivals":
        """Some of them, in the same buffer."""
        return Arrivals(
            self.data,
            array("q", (self.places[at] for at in chosen)),
            array("i", (self.lengths[at] for at in chosen)),
            bytearray().join(map(self.key, chosen)),
            self.sender_of,
            len(chosen),
        )


def gathered(messages: Sequence[tuple[bytes, Sender]]) -> Arrivals:
    """Messages that are there already, one behind the other, after a byte that no message has: a
    buffer of none would be nowhere, and messages may be empty."""
    places, lengths, data, keys = array("q"), array("i"), bytearray(1), bytearray()
    known = {sender: key_of(sender) for sender in dict.fromkeys(who for _, who in messages)}
    senders = {key: sender for sender, key in known.items()}
    for message, sender in messages:
        places.append(len(data))
        lengths.append(len(message))
        data += message
        keys += known[sender]
    return Arrivals(data, places, lengths, keys, senders.__getitem__, len(messages))


def key_of(sender: Sender) -> bytes:
    """A sender's key, from what its address and port are."""
    address, _, scope = sender.address.partition("%")
    packed = ipaddress.ip_address(address).packed
    head = bytes([len(packed)]) + sender.port.to_bytes(2, "big")
    return (head + packed.ljust(16, b"\0") + scope.encode()[:9]).ljust(KEY_BYTES, b"\0")
