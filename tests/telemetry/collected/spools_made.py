"""Spools with windows of given records, as collectors that have been running leave them."""

import contextlib
import gzip

import msgspec

from shorthaul.telemetry.collectors.settings import SpoolRules
from shorthaul.telemetry.collectors.sinks import line_of
from shorthaul.telemetry.collectors.spool_servers import SpoolServer
from shorthaul.telemetry.collectors.spool_windows import SpoolWindow
from shorthaul.telemetry.collectors.spools import Spool
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import NO_ADDRESS, Record
from shorthaul.traffic.addresses.parties import read_address

RULES = SpoolRules(window_seconds=1)


def record(source, destination, size, moment, ports=(40_000, 8_080)):
    """A record of a second of traffic, that ended at a moment in milliseconds."""
    ends = read_address(source), read_address(destination), NO_ADDRESS, NO_ADDRESS
    times = moment - 999, moment, moment
    return Record(*ends, size, 1, *times, 1, 0, 0, 0, 1, *ports, 0, 0, 6, 4, 0, 0)


def write(folder, start, records, exporter, seconds=1, *, complete=True):
    """A closed window from a start in seconds."""
    folder.mkdir(exist_ok=True)
    lines = [
        msgspec.json.encode(line_of(each, lambda number: Sender(exporter, 2_055))) + b"\n"
        for each in records
    ]
    end = (start + seconds) * 1_000
    window = SpoolWindow(start * 1_000, end, len(lines), complete=complete)
    (folder / window.name).write_bytes(gzip.compress(b"".join(lines), 1))


@contextlib.contextmanager
def served(folder, address="127.0.0.1", port=0, tls=""):
    """A spool and its server, as a collector that hears nothing more runs them."""
    with Spool(str(folder), RULES) as spool, SpoolServer(spool, address, port, tls) as server:
        yield server
