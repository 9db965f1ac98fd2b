"""Where the fields of a record are put while it is read: a row of unsigned 64-bit numbers.

A template says which field goes into which register; what the registers mean together is said in
one place for all templates (`assembling`). An IPv6 address takes two. The compiled reader has the
same numbers in `kernels/records.h`.
"""

from typing import Final


class Register:
    """Names of the registers, in their order: plain numbers, since every record reads them."""

    SOURCE4: Final = 0
    DESTINATION4: Final = 1
    SOURCE6: Final = 2
    DESTINATION6: Final = 4
    SOURCE_MAC: Final = 6
    DESTINATION_MAC: Final = 7
    POST_SOURCE4: Final = 8
    POST_DESTINATION4: Final = 9
    POST_SOURCE6: Final = 10
    POST_DESTINATION6: Final = 12
    SOURCE_PORT: Final = 14
    DESTINATION_PORT: Final = 15
    POST_SOURCE_PORT: Final = 16
    POST_DESTINATION_PORT: Final = 17
    PROTOCOL: Final = 18
    DIRECTION: Final = 19
    INGRESS: Final = 20
    EGRESS: Final = 21
    BYTES: Final = 22
    PACKETS: Final = 23
    REVERSE_BYTES: Final = 24
    REVERSE_PACKETS: Final = 25
    OUT_BYTES: Final = 26
    OUT_PACKETS: Final = 27
    START: Final = 28
    END: Final = 29
    DURATION: Final = 30
    BOOT: Final = 31
    EVENT: Final = 32
    FORWARDING: Final = 33
    END_REASON: Final = 34
    CONNECTION: Final = 35
    SAMPLER: Final = 36
    RATE: Final = 37
    INTERVAL: Final = 38
    SPACE: Final = 39
    SIZE: Final = 40
    POPULATION: Final = 41
    INTERFACE_NAME: Final = 42


NUMBER = 43
PAIRS: frozenset[int] = frozenset(
    (
        Register.SOURCE6,
        Register.DESTINATION6,
        Register.POST_SOURCE6,
        Register.POST_DESTINATION6,
    )
)
WIDTHS: dict[int, int] = {
    Register.SOURCE4: 4,
    Register.DESTINATION4: 4,
    Register.POST_SOURCE4: 4,
    Register.POST_DESTINATION4: 4,
    Register.SOURCE_MAC: 6,
    Register.DESTINATION_MAC: 6,
    **dict.fromkeys(PAIRS, 16),
}
"""Registers that take fields of one width only; all others but a name take 1 to 8 bytes."""


def bits(*registers: int) -> int:
    """A set of registers as a number, as in `Plan.has`."""
    return sum(1 << register for register in registers)


IPV4 = bits(Register.SOURCE4, Register.DESTINATION4)
IPV6 = bits(Register.SOURCE6, Register.DESTINATION6)
LAYER2 = bits(Register.SOURCE_MAC, Register.DESTINATION_MAC)
