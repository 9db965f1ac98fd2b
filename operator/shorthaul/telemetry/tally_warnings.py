"""What a recording's counts say about the recording itself, in one line each.

A warning is given only when somebody should do something: no forwarded traffic in it, events that
were lost, recordings of two clusters, or of days far apart, read as one.
"""

from collections.abc import Iterator
from itertools import pairwise

from shorthaul.telemetry.repeats import LIMIT_REPORTS
from shorthaul.telemetry.tallies import Tally
from shorthaul.traffic.observations import clusters_text

LOST_SHARE = 0.05
GAP_DAYS = 2


def warnings_of(tally: Tally) -> tuple[str, ...]:
    """All warnings about what was counted."""
    return (
        *_nothing_counted(tally),
        *_lost(tally),
        *_clusters(tally),
        *_gaps(tally),
        *_repeats(tally),
    )


def _nothing_counted(tally: Tally) -> Iterator[str]:
    flows = sum(tally.days.values())
    if tally.counted_lines or not flows:
        return
    forwarded = {name: n for name, n in tally.ignored.items() if name.startswith("forwarded")}
    layer7 = tally.ignored["forwarded, of type L7"]
    silent = tally.ignored["aggregated record without ingress events"]
    if silent:
        yield (
            f"none of {flows} flows counts: {silent} aggregated records have no ingress events; "
            "export single flows (some data planes report arriving packets as egress)"
        )
    elif layer7 and layer7 == sum(forwarded.values()):
        yield (
            f"none of {flows} flows counts: the {layer7} forwarded ones are L7, which the proxy "
            "reports beside the packets; export L3_L4 flows too"
        )
    elif forwarded:
        name, records = max(forwarded.items(), key=lambda item: (item[1], item[0]))
        yield (
            f"none of {flows} flows counts: {sum(forwarded.values())} were forwarded but none is "
            f"L3_L4 seen TO_ENDPOINT between pods (most: {records} {name}); look at the "
            "exporter's field mask and filters"
        )
    elif not tally.ignored["traffic with the pod's own host"] and not tally.leftovers():
        yield (
            f"none of {flows} flows counts: there are only drops and policy verdicts; trace "
            "events are off (bpf.events.trace.enabled=false), so forwarded traffic is not seen"
        )
    else:
        yield f"none of {flows} flows counts: none is between two pods"


def _lost(tally: Tally) -> Iterator[str]:
    lost, flows = sum(tally.lost_events.values()), sum(tally.days.values())
    if lost > LOST_SHARE * (lost + flows):
        node, most = max(tally.lost_events.items(), key=lambda item: (item[1], item[0]))
        yield (
            f"{lost} events were lost beside {flows} flows that were read (most: {most} on node "
            f"{node or 'unknown'}); rates are too low by an unknown share"
        )


def _clusters(tally: Tally) -> Iterator[str]:
    named = {name: place for name, place in tally.clusters.items() if name}
    if len(named) > 1:
        places = clusters_text(named)
        yield f"flows of {len(named)} clusters are read as one: {places}; give one cluster's flows"


def _gaps(tally: Tally) -> Iterator[str]:
    days = sorted(tally.days)
    gap = max((late - early for early, late in pairwise(days)), default=0)
    if gap > GAP_DAYS:
        yield (
            f"the flows span {days[-1] - days[0]} days with none for {gap - 1} days in between; "
            "rates are over the whole span, so give recordings of one stretch of time"
        )


def _repeats(tally: Tally) -> Iterator[str]:
    if tally.repeats.full:
        yield (
            f"over {LIMIT_REPORTS} flows have a uuid; later ones that are in two files count "
            "twice, so read less at once"
        )
