"""Why something was refused: one closed list, so that counts by reason stay few.

The first word says what was refused, and so what the count counts.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Every reason there is."""

    DATAGRAM_SHORT = "datagram: shorter than its header"
    DATAGRAM_VERSION = "datagram: not NetFlow 5, 9 or IPFIX"
    DATAGRAM_REPEATED = "datagram: received twice"
    DATAGRAM_NOT_ALLOWED = "datagram: exporter not allowed"
    DATAGRAM_EXPORTERS = "datagram: too many exporters"
    DATAGRAM_DOMAINS = "datagram: too many observation domains"
    DATAGRAM_COUNT = "datagram: v5 count and length do not agree"
    DATAGRAM_LENGTH = "datagram: length in the header below its own"

    BYTES_AFTER = "part: bytes after the message"
    BYTES_MISSING = "part: message cut short"
    SET_LENGTH = "set: length under 4"
    SET_CUT = "set: runs past its message"
    SET_RESERVED = "set: id 4 to 255"
    SET_MANY = "set: too many in one message"
    SET_UNKNOWN = "set: no template came in time"
    SET_HELD_FULL = "set: no template, and no room to wait for one"

    TEMPLATE_ID = "template: id under 256"
    TEMPLATE_CUT = "template: runs past its set"
    TEMPLATE_FIELDS = "template: too many fields"
    TEMPLATE_EMPTY = "template: records of no length"
    TEMPLATE_SCOPE = "template: scope and options do not fit"
    TEMPLATE_MANY = "template: too many in one message"
    TEMPLATE_ROOM = "template: too many from this exporter"
    TEMPLATE_MEMORY = "template: too many from all exporters"
    TEMPLATE_WITHDRAWN = "template: withdrawn over UDP"
    TEMPLATE_UNKNOWN = "template: withdrawn but never sent"

    RECORD_CUT = "record: runs past its set"
    RECORD_MANY = "record: too many in one message"
    RECORD_OPTIONS = "record: too many options in one message"
    RECORD_NO_BYTES = "record: template without a byte count"
    RECORD_EVENT = "record: an event that tells no bytes"
    RECORD_NO_ADDRESSES = "record: no addresses"
    RECORD_NOTHING = "record: no bytes and no packets"
    RECORD_DENIED = "record: denied by a firewall"
    RECORD_ALERT = "record: a firewall's alert"
    RECORD_DROPPED = "record: dropped by the router"
    RECORD_RUNNING = "record: running total, counted at the flow's end"
    RECORD_COUNTED = "record: counted in other records of its connection"


NO_LOSS = frozenset(
    (
        Reason.DATAGRAM_REPEATED,
        Reason.DATAGRAM_NOT_ALLOWED,
        Reason.BYTES_AFTER,
        Reason.RECORD_EVENT,
        Reason.RECORD_NOTHING,
        Reason.RECORD_DENIED,
        Reason.RECORD_ALERT,
        Reason.RECORD_DROPPED,
        Reason.RECORD_RUNNING,
        Reason.RECORD_COUNTED,
    )
)
"""Refused for what it is or whence it came; with any other reason traffic may go uncounted."""

RECORDS = tuple(reason for reason in Reason if reason.startswith("record:"))
