"""Hubble's lines a second of one core: decoded, and through windows to a map; edges in memory.

Lines are drawn as Cilium 1.20 exports them (about 1,600 bytes), between pods of many workloads.
`msgspec` is the fields that we use and nothing else, which nothing that reads every line in Python
could be faster than; `decode` is chunks of a file to flows; `windows` adds the flows to windows,
closes those and makes the traffic map of workloads. Each is measured as it is used, and line by
line, as it is where the kernels were not built. Time is the process's own cpu, since machines are
shared, and rounds take turns, so that a busy moment is everybody's.
`edges` is how much memory so many pairs of pods take, in a process of its own: in one window, and
with the observations and the map that are made of it.
"""

import gc
import json
import multiprocessing
import os
import platform
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import machines
from shorthaul.telemetry.batches import Batch, Totals
from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_blocks import Blocks, LineByLine
from shorthaul.telemetry.hubble_choices import blocks
from shorthaul.telemetry.hubble_events import FlowFields
from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.telemetry.hubble_tail import CHUNK_BYTES
from shorthaul.telemetry.line_cutters import LineCutter
from shorthaul.telemetry.sources import SourceHealth
from shorthaul.traffic.attribution import attribute
from shorthaul.traffic.flows import NANOSECONDS, Flow
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.windows import WindowRules, observations_of
from shorthaul.units import Namespace, NodeName, PodRef, WorkloadRef

START_SECONDS = 1_760_000_040
RULES = WindowRules(window_seconds=60, lateness_seconds=0, kept_windows=10)
_KIB = 1024
Reader = Callable[[AnchorReader], Blocks]


def run(lines: int, rounds: int, edges: int, seed: int) -> Iterator[str]:
    """Lines to print: what it ran on, then one per measurement, the best round of each."""
    machine = machines.machine()
    drawn = draw(lines, seed)
    size = sum(map(len, drawn)) / len(drawn)
    yield (
        f"{machine['processor']}, {machine['cores']} cores, load {os.getloadavg()[0]:.1f}; "
        f"python {platform.python_version()}, revision {machines.revision()}; {lines:,} lines of "
        f"{size:,.0f} bytes, seed {seed}, best of {rounds}"
    )
    chunks = chunked(drawn)
    measures = {
        "msgspec": partial(bare, drawn),
        "decode": partial(decoded, blocks, chunks, lines),
        "windows": partial(through_windows, blocks, chunks, lines),
        "decode, line by line": partial(decoded, LineByLine, chunks, lines),
        "windows, line by line": partial(through_windows, LineByLine, chunks, lines),
    }
    best = dict.fromkeys(measures, float("inf"))
    for _ in range(rounds):
        for name, measure in measures.items():
            gc.collect()
            best[name] = min(best[name], measure())
    for name, seconds in best.items():
        times = best["msgspec"] / seconds
        yield f"{name:22}{lines / seconds:>12,.0f} lines/s of one core, {times:.2f} of msgspec's"
    window, both = memory(edges)
    yield f"{'edges':22}{edges:>12,} pairs of pods in a window: {window / 2**20:,.0f} MiB"
    yield f"{'':34} with observations and a map of it: {both / 2**20:,.0f} MiB"


def chunked(lines: Sequence[bytes]) -> list[bytes]:
    """The lines as a file's chunks, as they are read."""
    content = b"".join(line + b"\n" for line in lines)
    return [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]


class _Bare(msgspec.Struct, gc=False):
    flow: FlowFields
    node_name: str
    time: str


def bare(lines: Sequence[bytes]) -> float:
    """Seconds of cpu for the fields that are used."""
    decode, begun = msgspec.json.Decoder(_Bare).decode, time.process_time()
    for line in lines:
        decode(line)
    return time.process_time() - begun


def decoded(reader: Reader, chunks: Sequence[bytes], lines: int) -> float:
    """Seconds of cpu for chunks to flows; raises where a line is none."""
    begun = time.process_time()
    flows = sum(
        len(batch.reading({}, SourceHealth(), caught_up=True).flows)
        for batch in _batches(reader, chunks)
    )
    spent = time.process_time() - begun
    if flows != lines:
        raise AssertionError(f"{flows} of {lines} lines are flows")
    return spent


def _batches(reader: Reader, chunks: Sequence[bytes]) -> Iterator[Batch]:
    lines, cutter, totals = reader(AnchorReader()), LineCutter(LONGEST_LINE_BYTES), Totals()
    for chunk in chunks:
        batch = Batch(totals)
        for block in cutter.cut(chunk):
            for told in lines.read(block):
                batch.take_block(told, "")
        yield batch


def through_windows(reader: Reader, chunks: Sequence[bytes], lines: int) -> float:
    """Seconds of cpu for chunks to a map; raises where an event is lost."""
    directory = _directory()
    begun = time.process_time()
    recorder = _begun(RULES)
    for batch in _batches(reader, chunks):
        flows = batch.reading({}, SourceHealth(), caught_up=True).flows
        recorder.add_all(flows, START_SECONDS + 60)
    recorder.close(START_SECONDS + 120)
    graph = attribute(observations_of(list(recorder.windows), RULES, directory), directory)
    spent = time.process_time() - begun
    events = sum(int(window.pairs.events.sum()) for window in recorder.windows)
    if events != lines or not graph.edges:
        raise AssertionError(f"{events} of {lines} events are in windows")
    return spent


def _begun(rules: WindowRules) -> Recorder:
    """A recorder whose first window, which it joins in its middle, is over."""
    recorder, pod = Recorder(rules, START_SECONDS - 30), PodRef(Namespace("a"), "a")
    moment = (START_SECONDS - 30) * NANOSECONDS
    recorder.add(Flow(pod, pod, False, 1, moment, NodeName("node-1")), START_SECONDS - 30)
    recorder.close(START_SECONDS)
    return recorder


def memory(edges: int) -> tuple[int, int]:
    """The bytes that a process grows by with so many pairs of pods in a window, and with a map."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (edges,))


def _grown(edges: int) -> tuple[int, int]:
    rules = WindowRules(window_seconds=60, lateness_seconds=0, pair_limit=edges)
    pods = [PodRef(Namespace("shop"), f"web-6d5f8c9b7-{n:05x}") for n in range(20_000)]
    before = _peak()
    recorder = _begun(rules)
    node, moment = NodeName("node-1"), START_SECONDS * NANOSECONDS
    for number in range(edges):
        client = pods[number % len(pods)]
        server = pods[(number // len(pods) + number + 1) % len(pods)]
        recorder.add(Flow(client, server, False, 1, moment, node), START_SECONDS)
    recorder.close(START_SECONDS + 120)
    found = sum(len(window.pairs) for window in recorder.windows)
    window = _peak() - before
    directory = Directory(
        {
            pod: PodIdentity(WorkloadRef(pod.namespace, "Deployment", f"web-{number // 10}"), node)
            for number, pod in enumerate(pods)
        }
    )
    graph = attribute(observations_of(list(recorder.windows), rules, directory), directory)
    if not found == edges == len(graph.pod_edges):
        raise AssertionError(f"{found} of {edges} pairs are in the window, not in the map")
    return window, _peak() - before


def _peak() -> int:
    """The most bytes that this process had; that of getrusage is its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * _KIB


_WORKLOADS, _REPLICAS, _NODES, _SERVERS = 300, 5, 50, 4


def draw(lines: int, seed: int) -> list[bytes]:
    """Lines of forwarded events within a minute."""
    dice = random.Random(seed)
    return [_line(number, lines, dice) for number in range(lines)]


def _line(number: int, lines: int, dice: random.Random) -> bytes:
    client = dice.randrange(_WORKLOADS)
    server = (client * 7 + dice.randrange(1, _SERVERS + 1)) % _WORKLOADS
    replicas = dice.randrange(_REPLICAS), dice.randrange(_REPLICAS)
    node = f"node-{(server * _REPLICAS + replicas[1]) % _NODES}"
    moment = datetime.fromtimestamp(START_SECONDS + 60 * number / lines, UTC)
    told = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + f"{dice.randrange(1000):03}Z"
    flow = {
        "time": told,
        "uuid": f"{dice.getrandbits(128):032x}",
        "emitter": {"name": "Hubble", "version": "1.20.2+g3977f6a1"},
        "verdict": "FORWARDED",
        "IP": {"source": "10.1.2.3", "destination": "10.1.7.9", "ipVersion": "IPv4"},
        "l4": {
            "TCP": {
                "source_port": dice.randrange(32_768, 60_000),
                "destination_port": 8080,
                "flags": {"PSH": True, "ACK": True},
            }
        },
        "source": _end(client, replicas[0]),
        "destination": _end(server, replicas[1]),
        "Type": "L3_L4",
        "node_name": node,
        "node_labels": [
            "topology.kubernetes.io/region=eu-north-1",
            "topology.kubernetes.io/zone=eu-north-1a",
        ],
        "event_type": {"type": 4},
        "traffic_direction": "INGRESS",
        "trace_observation_point": "TO_ENDPOINT",
        "trace_reason": "ESTABLISHED",
        "is_reply": False,
        "interface": {"index": 15, "name": "lxc0123456789ab"},
        "Summary": "TCP Flags: ACK, PSH",
    }
    return json.dumps({"flow": flow, "node_name": node, "time": told}).encode()


def _names(workload: int, replica: int) -> tuple[str, str, str]:
    namespace = f"team-{workload % 20}"
    return namespace, f"app-{workload}", f"app-{workload}-7d9f8b6c5d-{replica:05x}"


def _end(workload: int, replica: int) -> dict[str, object]:
    namespace, name, pod = _names(workload, replica)
    return {
        "ID": 1_000 + workload,
        "identity": 20_000 + workload,
        "cluster_name": "default",
        "namespace": namespace,
        "labels": [
            f"k8s:app={name}",
            f"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name={namespace}",
            "k8s:io.cilium.k8s.policy.serviceaccount=default",
            f"k8s:io.kubernetes.pod.namespace={namespace}",
        ],
        "pod_name": pod,
        "workloads": [{"name": name, "kind": "Deployment"}],
    }


def _directory() -> Directory:
    pods = {}
    for workload in range(_WORKLOADS):
        for replica in range(_REPLICAS):
            namespace, name, pod = _names(workload, replica)
            owner = WorkloadRef(Namespace(namespace), "Deployment", name)
            node = NodeName(f"node-{(workload * _REPLICAS + replica) % _NODES}")
            pods[PodRef(Namespace(namespace), pod)] = PodIdentity(owner, node)
    return Directory(pods, workloads=frozenset(each.workload for each in pods.values()))
