"""Where the fields of a record are put while it is read: a row of unsigned 64-bit numbers.

A template says which field goes into which register; what the registers mean together is said in
one place for all templates (`assembling`). An IPv6 address takes two. The compiled reader has the
same numbers in `kernels/records.h`.
"""

from enum import IntEnum


class Register(IntEnum):
    """Names of the registers, in their order."""

    SOURCE4 = 0
    DESTINATION4 = 1
    SOURCE6 = 2
    DESTINATION6 = 4
    SOURCE_MAC = 6
    DESTINATION_MAC = 7
    POST_SOURCE4 = 8
    POST_DESTINATION4 = 9
    POST_SOURCE6 = 10
    POST_DESTINATION6 = 12
    SOURCE_PORT = 14
    DESTINATION_PORT = 15
    POST_SOURCE_PORT = 16
    POST_DESTINATION_PORT = 17
    PROTOCOL = 18
    DIRECTION = 19
    INGRESS = 20
    EGRESS = 21
    BYTES = 22
    PACKETS = 23
    REVERSE_BYTES = 24
    REVERSE_PACKETS = 25
    OUT_BYTES = 26
    OUT_PACKETS = 27
    START = 28
    END = 29
    DURATION = 30
    BOOT = 31
    EVENT = 32
    FORWARDING = 33
    END_REASON = 34
    CONNECTION = 35
    SAMPLER = 36
    RATE = 37
    INTERVAL = 38
    SPACE = 39
    SIZE = 40
    POPULATION = 41


NUMBER = 42
PAIRS = frozenset(
    (
        Register.SOURCE6,
        Register.DESTINATION6,
        Register.POST_SOURCE6,
        Register.POST_DESTINATION6,
    )
)
WIDTHS = {
    Register.SOURCE4: 4,
    Register.DESTINATION4: 4,
    Register.POST_SOURCE4: 4,
    Register.POST_DESTINATION4: 4,
    Register.SOURCE_MAC: 6,
    Register.DESTINATION_MAC: 6,
    **dict.fromkeys(PAIRS, 16),
}
"""Registers that take fields of one width only; all others take 1 to 8 bytes."""
