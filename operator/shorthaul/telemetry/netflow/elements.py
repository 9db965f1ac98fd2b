"""Which information elements we read, and into which register: data, no code.

Numbers are IANA's (IPFIX information elements; NetFlow v9 shares 1 to 127), Cisco's for the
firewall events of the ASA (231 to 233, and 40001 to 40005 in its older images), and RFC 5103's
reverse elements, which carry the forward number under enterprise 29305. Where several elements
could fill a register, the first listed wins.
"""

from enum import IntEnum

from shorthaul.telemetry.netflow.registers import Register

REVERSE_ENTERPRISE = 29_305
REVERSE = 1 << 16
"""Added to the number of a reverse element."""


class Clock(IntEnum):
    """What a time field counts."""

    NONE = 0
    UPTIME = 1
    SECONDS = 2
    MILLISECONDS = 3
    NTP = 4
    MICROSECONDS_BEFORE = 5


FIELDS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (Register.SOURCE4, (8,)),
    (Register.DESTINATION4, (12,)),
    (Register.SOURCE6, (27,)),
    (Register.DESTINATION6, (28,)),
    (Register.SOURCE_MAC, (56, 81)),
    (Register.DESTINATION_MAC, (80, 57)),
    (Register.POST_SOURCE4, (225, 40001)),
    (Register.POST_DESTINATION4, (226, 40002)),
    (Register.POST_SOURCE6, (281,)),
    (Register.POST_DESTINATION6, (282,)),
    (Register.SOURCE_PORT, (7, 180, 182)),
    (Register.DESTINATION_PORT, (11, 181, 183)),
    (Register.POST_SOURCE_PORT, (227, 40003)),
    (Register.POST_DESTINATION_PORT, (228, 40004)),
    (Register.PROTOCOL, (4, 193)),
    (Register.DIRECTION, (61,)),
    (Register.INGRESS, (10, 252)),
    (Register.EGRESS, (14, 253)),
    (Register.DURATION, (161,)),
    (Register.BOOT, (160,)),
    (Register.EVENT, (233, 40005)),
    (Register.FORWARDING, (89,)),
    (Register.END_REASON, (136,)),
    (Register.CONNECTION, (148,)),
    (Register.SAMPLER, (302, 48)),
    (Register.RATE, (34, 50)),
    (Register.INTERVAL, (305,)),
    (Register.SPACE, (306,)),
    (Register.SIZE, (309,)),
    (Register.POPULATION, (310,)),
    (Register.INTERFACE_NAME, (82,)),
)

STARTS: tuple[tuple[int, Clock], ...] = (
    (152, Clock.MILLISECONDS),
    (156, Clock.NTP),
    (154, Clock.NTP),
    (150, Clock.SECONDS),
    (22, Clock.UPTIME),
    (158, Clock.MICROSECONDS_BEFORE),
)
ENDS: tuple[tuple[int, Clock], ...] = (
    (153, Clock.MILLISECONDS),
    (157, Clock.NTP),
    (155, Clock.NTP),
    (151, Clock.SECONDS),
    (21, Clock.UPTIME),
    (159, Clock.MICROSECONDS_BEFORE),
    (323, Clock.MILLISECONDS),
    (322, Clock.SECONDS),
)


class Counter(IntEnum):
    """How a pair of counters counts."""

    DELTA = 0
    TOTAL = 1
    CONNECTION = 2
    """Deltas while a connection lives, and all of it at its end: the ASA's, see 0017."""


COUNTERS: tuple[tuple[int, int, int, int, Counter, bool], ...] = (
    (1, 2, 1 + REVERSE, 2 + REVERSE, Counter.DELTA, False),
    (231, 298, 232, 299, Counter.DELTA, False),
    (352, 2, 352 + REVERSE, 2 + REVERSE, Counter.DELTA, True),
    (23, 24, 23 + REVERSE, 24 + REVERSE, Counter.DELTA, False),
    (85, 86, 85 + REVERSE, 86 + REVERSE, Counter.TOTAL, False),
    (353, 86, 353 + REVERSE, 86 + REVERSE, Counter.TOTAL, True),
)
"""Bytes and packets, the same backwards, how they count, whether layer 2 is in the bytes."""

OUT_BYTES, OUT_PACKETS = 23, 24

EVENTS = frozenset((230, 233, 40005))
"""What happened to a connection or a translation: without bytes beside it, it is no traffic."""
