"""`shorthaul record --netflow`: records become an edge list, and what became of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cli import inputs
from shorthaul.cli.progress import Progress
from shorthaul.cluster.address_books import book_of, node_ends_of, nodes_of
from shorthaul.cluster.directories import directory_of
from shorthaul.errors import BadInput
from shorthaul.telemetry.edge_rows import Rate
from shorthaul.telemetry.netflow_lines import Reading, Rules, read_records
from shorthaul.traffic.addresses.bills import Counts, Unbilled
from shorthaul.traffic.addresses.parties import Unknown
from shorthaul.traffic.both_ends import compare, differing, ends_of, of_edge
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.metering import Ground, Metered, metered, node_finder
from shorthaul.traffic.passages import once
from shorthaul.traffic.service_views import by_endpoints
from shorthaul.traffic.volumes import Ends, unordered


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    files: Sequence[str]
    cluster: Sequence[str]
    longest_seconds: int
    sampling: float | None
    topology: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The records of some files, what they come to, and what both ends told of its edges."""

    reading: Reading
    metered: Metered
    ends: Mapping[Ends, EndSums]


def read(asked: Asked, show: Progress) -> Found:
    """The records of some files, and what they come to; raises BadInput."""
    rules = Rules(asked.longest_seconds * 1000, _sampling(asked.sampling))
    if not asked.cluster:
        raise BadInput("--netflow needs --cluster, which tells whose addresses they are; give it")
    places = inputs.read_network(asked.topology).places
    show.begin("reading the cluster")
    snapshot = inputs.read_cluster(asked.cluster)
    show.begin("reading records")
    reading = read_records(asked.files, rules, show.advance)
    last = max((each.transfer.last_milliseconds for each in reading.passages), default=0)
    book, nodes = book_of(snapshot, last, places), nodes_of(snapshot)
    ground = Ground(book, directory_of(snapshot), nodes, node_ends_of(snapshot))
    show.begin("counting each connection once")
    passages = by_endpoints(reading.passages, book)
    node_of = node_finder(ground)
    found = metered(once(passages, node_of, book.rules.slack_milliseconds), ground)
    told = ends_of(compare(passages, node_of), ground)
    return Found(reading, found, _by_edge(found.edges, told))


def _by_edge(edges: Iterable[Ends], told: Mapping[Ends, EndSums]) -> dict[Ends, EndSums]:
    """What both ends told, the client's first; of two edges between two workloads the same."""
    found = ((edge, told.get(unordered(edge))) for edge in edges)
    return {edge: of_edge(edge, ends) for edge, ends in found if ends is not None}


def rates_of(found: Found) -> list[Rate]:
    """The edges in bytes/s over the stretch that was observed."""
    return [
        (client, server, counts.bytes * 1000 / found.metered.milliseconds)
        for (client, server), counts in found.metered.edges.items()
    ]


def notes_of(told: Found) -> Iterator[str]:
    """What became of everything that was read, a line each; the bytes of the lines add up."""
    reading, found = told.reading, told.metered
    left = {f"billed, but in no edge: {reason}": each for reason, each in found.aside.items()}
    left |= {
        f"{'ambiguous' if reason is Unknown.AMBIGUOUS else 'unattributed'}: {reason}": each
        for reason, each in found.bill.unbilled.items()
    }
    whole = sum((each.counts.bytes for each in left.values()), found.billed.bytes)
    seconds = found.milliseconds / 1000
    yield (
        f"{len(found.edges):,} edges, {_text(found.billed)} of "
        f"{whole + found.again.bytes + _refused(reading):,} bytes read, in {seconds:,.3f} s"
    )
    for what, each in sorted(left.items(), key=lambda item: (-item[1].counts.bytes, item[0])):
        yield f"{_share(each, whole)}: {what} (for example {each.example})"
    if found.again.records:
        yield f"{_text(found.again)}: seen again at another point, counted once"
    for reason, refusal in sorted(reading.refused.items()):
        yield f"refused: {_text(refusal.counts)}: {reason} (first: {refusal.first})"
    if found.estimated.bytes:
        yield (
            f"{found.estimated.bytes:,} bytes of the edges went to Services' own addresses and are "
            "shared out evenly over their endpoints"
        )
    yield from differing([(*edge, ends) for edge, ends in told.ends.items()], "bytes")
    for note, records in sorted(reading.noted.items()):
        yield f"{records:,} records {note}"
    yield from reading.damages


def _sampling(told: float | None) -> int:
    if told is None:
        return 1
    if told != int(told):
        raise BadInput(f"--sampling {told}: with --netflow counts are exact; give a whole number")
    return int(told)


def _refused(reading: Reading) -> int:
    return sum(each.counts.bytes for each in reading.refused.values())


def _text(counts: Counts) -> str:
    return f"{counts.records:,} records with {counts.bytes:,} bytes"


def _share(each: Unbilled, whole: int) -> str:
    share = each.counts.bytes / whole if whole else 0.0
    return f"{_text(each.counts)} ({share:.1%})"
