"""The real NetObserv eBPF agent on two nodes: each byte between pods counts once.

The agent hooks both ways of every interface of a node, so a packet between pods is told of by two
to five points, at one node or two. What is left must be what the kernel counted at the pods' own
interfaces, which nobody hooks. Skipped with a reason where there is no root, no namespaces, no BPF
or no Go.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import built_programs
from cli.commands import shorthaul
from shorthaul.cli import inputs
from shorthaul.cluster.address_books import book_of, nodes_of
from shorthaul.cluster.directories import directory_of
from shorthaul.telemetry.netflow_lines import Reading, Refused, Rules, read_records
from shorthaul.traffic.both_ends import compare, ends_of
from shorthaul.traffic.counting_points import CountingPoints, Finders
from shorthaul.traffic.metering import Ground, exporter_finder, meter, metered, node_finder
from telemetry.collectors import agent_networks, payloads, pod_networks
from testbed import binaries

pytestmark = pytest.mark.hubble

APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
NEIGHBOUR_BYTES = 1_000
"""Pods' interfaces also carry ARP and neighbour discovery, frames of 42 and 86 bytes which are
between no two pods: some hundred bytes of 410,000 and more."""
RUN_SECONDS = 300
WINDOW_MILLISECONDS = 2_000
"""Shorter than what agents tell in, so that their windows differ."""


@dataclass(frozen=True)
class Seen:
    """What came of a run; `ways` are bytes by sender and receiver, as the kernel counts them."""

    ways: dict[tuple[str, str], int]
    metrics: dict[str, float]
    file: Path
    cluster: Path

    @property
    def lines(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def reading(self) -> Reading:
        return read_records([str(self.file)], Rules(60_000))

    def ground(self) -> Ground:
        snapshot = inputs.read_cluster([str(self.cluster)])
        last = max(each.transfer.last_milliseconds for each in self.reading().passages)
        return Ground(book_of(snapshot, last), directory_of(snapshot), nodes_of(snapshot))


@pytest.fixture(scope="module")
def agent(request):
    """The agent's program."""
    if os.geteuid() != 0:
        pytest.skip("the eBPF agent needs root")
    missing = [name for name in ("unshare", "nsenter", "ip", "tc") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on this machine")
    hook = [*APART, "tc", "qdisc", "add", "dev", "lo", "clsact"]
    done = subprocess.run(hook, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode:
        pytest.skip(f"no network namespace with a hook in it: {done.stderr.strip()[-200:]}")
    try:
        built_programs.get(
            [binaries.NETOBSERV_AGENT],
            request,
            "no eBPF agent: neither its program nor a Go to build it is here",
        )
    except binaries.Unavailable as error:
        pytest.skip(f"no eBPF agent: {error}")
    return binaries.find(binaries.NETOBSERV_AGENT)


@pytest.fixture(scope="module", params=["udp", "tcp"])
def seen(agent, request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent")
    words = [sys.executable, agent_networks.__file__, agent, folder, request.param]
    done = subprocess.run(
        [*APART, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if done.returncode == agent_networks.NO_BPF:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    ways = {(source, destination): size for source, destination, size in told["ways"]}
    cluster = folder / "cluster.json"
    cluster.write_text(json.dumps({"kind": "List", "items": list(objects())}))
    return Seen(ways, told["metrics"], folder / "records.jsonl", cluster)


def objects():
    """The nodes and pods as their API server would have them, each pod of its own workload."""
    for name, address in pod_networks.NODES.items():
        status = {"addresses": [{"type": "InternalIP", "address": address}]}
        yield {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}
    for name, addresses in pod_networks.PODS.items():
        owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "controller": True}
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-0",
                "namespace": "shop",
                "uid": f"uid-{name}",
                "creationTimestamp": "2020-01-01T00:00:00Z",
                "ownerReferences": [{**owner, "uid": f"owner-{name}"}],
            },
            "spec": {"nodeName": pod_networks.NODE_OF[name], "containers": []},
            "status": {"phase": "Running", "podIPs": [{"ip": address} for address in addresses]},
        }


def by_pods(*bills):
    """Bytes from pod to pod."""
    sums = Counter()
    for found in bills:
        for row, counts in found.bill.rows.items():
            sums[row.source.name.removesuffix("-0"), row.destination.name.removesuffix("-0")] += (
                counts.bytes
            )
    return sums


def test_every_record_is_decoded_and_none_is_refused_or_lost(seen):
    metrics = {name.removeprefix("shorthaul_netflow_"): n for name, n in seen.metrics.items()}

    assert metrics["records_total"] == metrics["flow_records_total"] == metrics["flows_total"]
    assert len(seen.lines) >= metrics["flows_total"] > 100
    assert metrics["exporters"] == 2
    bad = ("refused", "lost_units", "dropped", '"late"', "restarts", "forgotten")
    assert not [name for name, n in metrics.items() if n and any(word in name for word in bad)]


def test_bytes_between_pods_are_those_of_the_kernels_counters(seen):
    found = by_pods(meter(seen.reading().passages, seen.ground()))

    assert beyond(found, seen.ways) == {}


def beyond(found, ways):
    """What differs by more than it may, as the kernel's figure and ours."""
    pairs = {way: (size, found[way]) for way, size in ways.items()}
    return {
        way: (size, ours)
        for way, (size, ours) in pairs.items()
        if not 0 <= size - ours <= NEIGHBOUR_BYTES
    }


def test_so_they_are_in_the_operators_windows(seen):
    ground, points = seen.ground(), CountingPoints()
    nodes = Finders(node_finder(ground), exporter_finder(ground))
    bills = []
    for end, passages in windows(seen.lines, seen.reading()):
        points.learn(passages, nodes, end)
        bills.append(metered(points.once(passages), ground))

    found = by_pods(*bills)

    assert beyond(found, seen.ways) == {}
    assert points.heard == set(pod_networks.NODES)


def windows(lines, reading):
    """Passages by when they were received, as a collector's spool has them."""
    received = [line["received_ms"] for line in lines if not is_mac(line["source"])]
    found = {}
    for at, passage in zip(received, reading.passages, strict=True):
        found.setdefault(at // WINDOW_MILLISECONDS, []).append(passage)
    return [((start + 1) * WINDOW_MILLISECONDS, found[start]) for start in sorted(found)]


def is_mac(text):
    return text.count(":") == 5 and len(text) == 17


def test_the_agents_of_both_nodes_tell_the_same(seen):
    ground = seen.ground()

    found = ends_of(compare(seen.reading().passages, node_finder(ground)), ground)

    across = {tuple(workload.name for workload in ends): sums for ends, sums in found.items()}
    assert set(across) >= {("a", "c"), ("b", "d")}
    for one, other in across.values():
        assert abs(one - other) <= NEIGHBOUR_BYTES


def test_the_protocol_of_both_kinds_of_addresses_is_known(seen):
    served = [
        line
        for line in seen.lines
        if payloads.PORT in (line["source_port"], line["destination_port"])
    ]

    assert {(":" in line["source"], line["protocol"]) for line in served} == {(False, 6), (True, 6)}


def test_only_frames_without_ip_are_left_out_of_an_edge_list(seen):
    reading = seen.reading()

    outcome = shorthaul("record", "--netflow", seen.file, "--cluster", seen.cluster)

    assert outcome.status == 0, outcome.err
    assert set(reading.refused) <= {Refused.LAYER2}
    assert "differ" not in outcome.err
