"""What one exporter, and one message, may cost: every number that bounds work or memory.

A message of 65,535 bytes can name 8,000 templates, 16,000 sets or 60,000 records. Real ones have
a few dozen of each, so the limits are far above these, and what is beyond them is refused and
counted. `tests/telemetry/netflow/test_limits.py` holds the work and memory that they leave.
"""

from dataclasses import dataclass

LONGEST_MESSAGE_BYTES = 65_535
SETS_PER_MESSAGE = 512
TEMPLATES_PER_MESSAGE = 128
OPTION_RECORDS_PER_MESSAGE = 128
RECORDS_PER_MESSAGE = 2_048
CONNECTION_RECORDS_PER_MESSAGE = 256
"""Of a firewall's connections, in one datagram; they are read in Python, at some 20 us each."""
FIELDS_PER_TEMPLATE = 256
SCOPES_PER_DOMAIN = 256
GAPS_PER_DOMAIN = 64
REMEMBERED_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a decoder may keep; an exporter here is one sender's address and port.

    `template_seconds` is how long a template that is not sent again lives (over UDP only): Cisco's
    default refresh is 30 minutes, and RFC 7011 asks for three times the refresh.
    """

    exporters: int = 4_096
    exporters_per_address: int = 64
    domains_per_exporter: int = 64
    templates_per_exporter: int = 256
    templates: int = 65_536
    template_bytes: int = 40 << 20
    template_seconds: float = 5_400.0
    exporter_seconds: float = 7_200.0
    held_sets_per_exporter: int = 64
    held_bytes_per_exporter: int = 64 << 10
    held_bytes: int = 8 << 20
    held_seconds: float = 300.0
    connections: int = 65_536
