"""`plan` from raw dumps and Hubble lines, scored by code that shares nothing with the product.

Only the moves are read from the plan (pod, from, to, wave); the scorer in `worlds/raw` goes from
the same raw files to costs and shares by itself, and says what is wrong with the moves.
"""

import ast
import copy
import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cli.commands import OFFLINE, ROOT, shorthaul
from worlds.raw import dumps, feasibilities, lines, named_pods, random_lines, scorers

RAW = ROOT / "tests" / "worlds" / "raw"
DEMO = ROOT / "examples" / "demo" / "recording"
OFFLINE_DUMP = OFFLINE / "cluster.json"
EXAMPLES = {
    "offline": (OFFLINE_DUMP, OFFLINE / "hubble"),
    "edges": (OFFLINE_DUMP, OFFLINE / "edges.csv"),
    "demo": (DEMO / "cluster.json.gz", DEMO / "hubble"),
}
ROUTINGS = ("services", "uniform", "zone", "node", "local")
QUICK = ("--bound", "none", "--time-limit", "1", "-o", "json")
SEEDS = range(24)


@dataclass(frozen=True)
class World:
    """Raw files as the scorer reads them."""

    dump: dumps.Dump
    traffic: lines.Traffic


@cache
def read(cluster: Path, flows: Path) -> World:
    """A world, read once."""
    return World(dumps.read_dump(cluster), lines.read_traffic(flows))


def plan(cluster: Path, flows: Path, routing: str) -> dict:
    """What `shorthaul plan` makes of raw files."""
    words = ("--cluster", cluster, "--flows", flows, "--routing", routing, *QUICK)
    outcome = shorthaul("plan", *words)
    assert outcome.status == 0, outcome.err
    return json.loads(outcome.out)["spec"]


def close(value: float, whole: float = 0.0):
    """Within a millionth, of the value or of the whole that it is a part of."""
    return pytest.approx(value, rel=1e-6, abs=1e-6 * whole)


def judge(cluster: Path, flows: Path, routing: str) -> dict:
    """Plans and holds all that the plan claims against the scorer; gives the plan."""
    spec, world = plan(cluster, flows, routing), read(cluster, flows)
    dump = world.dump
    edges = scorers.fold(dump, world.traffic, None if routing == "services" else routing)
    targets = {(m["namespace"], "Pod", m["pod"]): m["to"] for m in spec["moves"]}
    placed = {**dump.places, **targets}
    before, after = (scorers.score(edges, dump, places) for places in (dump.places, placed))

    counts = [re.match(r"([\d,]+) of ([\d,]+) lines count", note) for note in spec["notes"]]
    for found in filter(None, counts):
        told = [int(number.replace(",", "")) for number in found.groups()]
        assert told == [world.traffic.counted, world.traffic.lines]
    claimed = spec["objective"]
    assert claimed["unit"] == f"{world.traffic.unit}·distance"
    assert claimed["before"] == close(before.cost)
    assert claimed["after"] == close(after.cost, before.cost)
    assert spec["locality"]["before"] == close(before.shares, 1.0)
    assert spec["locality"]["after"] == close(after.shares, 1.0)
    last = {(m["namespace"], "Pod", m["pod"]): m["gain"]["value"] for m in spec["moves"]}
    for pod, gain in last.items():
        undone = scorers.score(edges, dump, {**placed, pod: dump.places[pod]})
        assert gain == close(undone.cost - after.cost, before.cost), pod
    assert feasibilities.wrongs(dump, spec["moves"]) == []
    return spec


def test_the_scorer_imports_nothing_of_the_product():
    found = set()
    for path in sorted(RAW.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add("." * node.level + (node.module or ""))
            elif isinstance(node, ast.Name):
                assert node.id not in ("__import__", "importlib", "exec", "eval"), path

    own = {name for name in found if name.startswith("worlds.raw")}
    assert own
    assert {name.partition(".")[0] for name in found - own} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("name", "routing"),
    [
        *((name, routing) for name in ("offline", "demo") for routing in ROUTINGS),
        ("edges", "services"),
    ],
)
def test_examples_cost_what_plans_say(name, routing):
    spec = judge(*EXAMPLES[name], routing)

    assert spec["moves"]
    assert spec["objective"]["after"] < spec["objective"]["before"]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_worlds_cost_what_plans_say(tmp_path, seed):
    cluster, flows = random_lines.write_world(tmp_path, seed)

    judge(cluster, flows, "services" if seed % 2 else ROUTINGS[1 + seed // 2 % 4])


@pytest.mark.recordings
@pytest.mark.parametrize("flows", ["hubble", "bytes.csv"])
def test_a_real_cluster_costs_what_plans_say(recordings, flows):
    folder = recordings / "cilium-1.20"
    if not folder.is_dir():
        pytest.skip("no recording cilium-1.20 in ../shared/data on this machine")

    spec = judge(folder / "cluster.json.gz", folder / flows, "services")

    assert spec["moves"]


@pytest.mark.recordings
@pytest.mark.parametrize("sample", ["10-flows", "400-tcp-flows", "400-udp-flows"])
def test_lines_of_an_old_hubble_cost_what_plans_say(recordings, tmp_path, sample):
    flows = recordings / "hubble-otel" / f"basic-sample-{sample}.json"
    if not flows.is_file():
        pytest.skip("no recordings hubble-otel in ../shared/data on this machine")
    cluster = tmp_path / "cluster.json"
    cluster.write_text(json.dumps(named_pods.cluster_of(flows)))

    spec = judge(cluster, flows, "services")

    assert spec["objective"]["before"] > 0


@pytest.mark.parametrize(
    ("routing", "distance", "host"),
    [
        ("uniform", (0 + 3 + 10) / 3, 1 / 3),
        ("zone", (0 + 3) / 2, 1 / 2),
        ("node", 0.0, 1.0),
        ("local", 10 / 3, 2 / 3),
    ],
)
def test_the_scorer_gives_what_a_hand_reckons(routing, distance, host):
    placed = {"web": ("n1", "n1", "n2"), "cart": ("n1", "n2", "n3")}
    items = [named_pods.node(name, zone) for name, zone in named_pods.NODES.items()]
    for name, nodes in placed.items():
        for i, node in enumerate(nodes):
            items += named_pods.replica("shop", f"{name}-5cb6cd677f-bbbb{i + 2}", node)
    dump = dumps.Dump(items)
    ends = [("shop", "Pod", f"{name}-5cb6cd677f-bbbb2") for name in placed]
    traffic = lines.Traffic("flows/s", 60.0, {tuple(ends): 0.2})

    found = scorers.score(scorers.fold(dump, traffic, routing), dump, dump.places)

    assert found.cost == pytest.approx(0.2 * distance)
    assert found.shares["host"] == pytest.approx(host)


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (("ops/agent", "a1", "a2"), "DaemonSet"),
        (("ops/batch", "b2", "b1"), "volume spool"),
        (("pay/ledger", "c1", "c2"), "budget that is spent"),
        (("shop/db-0", "b2", "a1"), "its volume may be"),
        (("shop/web", "a1", "b2"), "skew 2"),
        (("shop/catalog", "c1", "a2"), "had 2 hosts and has 1"),
        (("shop/search", "a1", "b2"), "has 3 cpu and 3.6"),
        (("shop/cache", "a2", "a1"), "is cordoned"),
        (("shop/cache", "a2", "b1"), "not well"),
        (("shop/cache", "a2", "c1"), "does not tolerate"),
        (("shop/cache", "a2", "d9"), "does not exist"),
        (("shop/cache", "a1", "c2"), "is not the pod on a1"),
    ],
)
def test_moves_that_are_wrong_are_told(moved, words):
    dump = copy.deepcopy(read(*EXAMPLES["offline"]).dump)
    dump.nodes["a1"]["spec"]["unschedulable"] = True
    dump.nodes["b2"]["status"]["allocatable"]["cpu"] = "3"
    dump.nodes["b1"]["status"]["conditions"][0]["status"] = "False"
    dump.nodes["c1"]["spec"]["taints"] = [{"key": "team", "value": "x", "effect": "NoSchedule"}]

    found = feasibilities.wrongs(dump, [_move(dump, *moved)])

    assert any(words in one for one in found), found


def _move(dump, name, source, target):
    """A move of the first pod of a name, as a plan tells it."""
    namespace, _, start = name.partition("/")
    pods = sorted(pod for pod in dump.pods if pod[0] == namespace and pod[2].startswith(start))
    pod = next((pod for pod in pods if dump.places[pod] == source), pods[0])
    uid = dump.pods[pod]["metadata"]["uid"]
    told = {"namespace": namespace, "pod": pod[2], "uid": uid, "wave": 1}
    return {**told, "from": source, "to": target}
