"""What a prober tells, as JSON of bounded size, and how a reader takes it: strictly.

Latencies are milliseconds there and back. Everything that a reader takes is checked for type and
range, because a prober can be broken or somebody else.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.errors import BadInput
from shorthaul.telemetry.probes.outcomes import Outcome, Summary

PATH = "/probes"
MOST_PEERS = 512
MOST_BYTES = 256 << 10
_DIGITS = 4

_Milliseconds = Annotated[float, Meta(ge=0, le=1e6)]
_Number = Annotated[int, Meta(ge=0, le=1_000_000)]


class PeerReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The last probes to one peer."""

    address: Annotated[str, Meta(min_length=2, max_length=64)]
    probes: _Number
    timeouts: _Number = 0
    refused: _Number = 0
    unreachable: _Number = 0
    least_milliseconds: _Milliseconds | None = None
    median_milliseconds: _Milliseconds | None = None
    p99_milliseconds: _Milliseconds | None = None
    age_seconds: Annotated[float, Meta(ge=0, le=1e9)]


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one prober saw of late; `node` is what it was told its own name is."""

    node: Annotated[str, Meta(max_length=253)] = ""
    peers: Annotated[tuple[PeerReport, ...], Meta(max_length=MOST_PEERS)]


def encode(node: str, summaries: dict[str, Summary]) -> bytes:
    """The JSON of a report."""
    peers = tuple(_peer(address, its) for address, its in summaries.items())
    return msgspec.json.encode(Report(node=node, peers=peers))


def decode(body: bytes) -> Report:
    """A report that somebody sent; raises BadInput with the field at fault."""
    try:
        return msgspec.json.decode(body, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"no report of a prober: {error}") from error


def _peer(address: str, its: Summary) -> PeerReport:
    return PeerReport(
        address=address,
        probes=its.probes,
        timeouts=its.failures.get(Outcome.TIMEOUT, 0),
        refused=its.failures.get(Outcome.REFUSED, 0),
        unreachable=its.failures.get(Outcome.UNREACHABLE, 0),
        least_milliseconds=_rounded(its.least),
        median_milliseconds=_rounded(its.median),
        p99_milliseconds=_rounded(its.p99),
        age_seconds=round(its.age_seconds, 1),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
