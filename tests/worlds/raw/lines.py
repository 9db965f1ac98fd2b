"""What raw flow files come to, pod by pod: the first half of a scorer that is not ours to bend.

Written from DESIGN §5 and §8 alone, without a line of the product's code. Counted are Hubble's
FORWARDED L3_L4 events seen TO_ENDPOINT between two pods that the line itself names, requests and
replies alike; an aggregated record counts its ingress events, and fields that it was not
aggregated by may be missing. Kubelet probes, the world, remote nodes and other reserved identities
have no pod name and so no weight. Where DESIGN is silent, the tree decides:

- time goes by flow lines, counted or not; agent events and reports of lost events do not
  stretch it;
- a line with the same uuid, node and time as one before (a rotated set that overlaps) counts once;
- a line without `is_reply` goes by the deprecated `reply`, then by the ports: the server has the
  lower one;
- a line between two clusters is not of this one;
- traffic of a pod with itself has no distance.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

End = tuple[str, str, str]  # namespace, kind (Pod or a controller's), name


@dataclass
class Traffic:
    """Rates per client and server, and whom the lines named as owner of a pod.

    `events` is how many events a rate of 1 stands for; rates in bytes tell of no number of events.
    """

    unit: str
    events: float
    rates: dict[tuple[End, End], float]
    named: dict[End, End] = field(default_factory=dict)
    counted: int = 0
    lines: int = 0


def read_traffic(path: Path) -> Traffic:
    """The traffic of a Hubble export (a file, or a folder of them) or of an edge list in CSV."""
    if path.suffix == ".csv":
        return _rows(path)
    return _events(sorted(path.iterdir()) if path.is_dir() else [path])


def text_of(path: Path) -> str:
    """A file's text, unpacked where it is packed."""
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def _rows(path: Path) -> Traffic:
    rates: dict[tuple[End, End], float] = {}
    units = set()
    for row in csv.DictReader(path.read_text().splitlines()):
        client, server = (
            (row[f"{side}_namespace"], row[f"{side}_kind"], row[f"{side}_name"])
            for side in ("src", "dst")
        )
        rates[client, server] = rates.get((client, server), 0.0) + float(row["rate"])
        units.add(row["unit"])
    (unit,) = units
    return Traffic(unit, float("inf"), rates)


def _events(paths: list[Path]) -> Traffic:
    sums: dict[tuple[End, End], int] = {}
    found = Traffic("flows/s", 1.0, {})
    times: list[int] = []
    seen: set[tuple[str, str, int]] = set()
    for event in events_of(paths):
        found.lines += 1
        flow = event.get("flow")
        if flow is None:
            continue
        time = nanoseconds(flow.get("time") or event["time"])
        times.append(time)
        _learn(flow, found.named)
        events = _weight(flow)
        if not events:
            continue
        node = (event.get("node_name") or flow.get("node_name", "")).rpartition("/")[2]
        key = (flow.get("uuid", ""), node, time)
        if key[0] and key in seen:
            continue
        seen.add(key)
        found.counted += 1
        pair = _pair(flow)
        sums[pair] = sums.get(pair, 0) + events
    found.events = max(1.0, (max(times) - min(times)) / 1e9)
    found.rates = {pair: events / found.events for pair, events in sums.items()}
    return found


def events_of(paths: list[Path]) -> Iterator[dict]:
    """All lines of some files, as JSON."""
    for path in paths:
        for line in text_of(path).splitlines():
            if line.strip():
                yield json.loads(line)


def nanoseconds(text: str) -> int:
    """An RFC 3339 time as nanoseconds since the epoch."""
    day, fraction, offset = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-].{5})", text).groups()
    moment = datetime.fromisoformat(day + ("+00:00" if offset == "Z" else offset))
    return int(moment.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0")[:9])


def _weight(flow: dict) -> int:
    """How many events between two pods a flow line stands for; 0 when it does not count."""
    whole = "aggregate" not in flow
    if flow.get("verdict") != "FORWARDED":
        return 0
    for name, wanted in (("Type", "L3_L4"), ("trace_observation_point", "TO_ENDPOINT")):
        if flow.get(name, "" if whole else wanted) != wanted:
            return 0
    source, destination = flow.get("source", {}), flow.get("destination", {})
    if not all(end.get("pod_name") and end.get("namespace") for end in (source, destination)):
        return 0
    cluster = source.get("cluster_name")
    if cluster and cluster != destination.get("cluster_name"):
        return 0
    return 1 if whole else int(flow["aggregate"].get("ingress_flow_count", 0))


def _pair(flow: dict) -> tuple[End, End]:
    source, destination = _pod(flow["source"]), _pod(flow["destination"])
    return (destination, source) if _is_reply(flow) else (source, destination)


def _is_reply(flow: dict) -> bool:
    for name in ("is_reply", "reply"):
        if flow.get(name) is not None:
            return bool(flow[name])
    layer = flow.get("l4", {})
    ports = layer.get("TCP") or layer.get("UDP") or layer.get("SCTP") or {}
    return 0 < ports.get("source_port", 0) < ports.get("destination_port", 0)


def _pod(end: dict) -> End:
    return end["namespace"], "Pod", end["pod_name"]


def _learn(flow: dict, named: dict[End, End]) -> None:
    for side in ("source", "destination"):
        end = flow.get(side) or {}
        if end.get("workloads") and end.get("pod_name") and end.get("namespace"):
            owner = end["workloads"][0]
            named.setdefault(_pod(end), (end["namespace"], owner["kind"], owner["name"]))
