"""`plan` from raw dumps and Hubble lines, scored by code that shares nothing with the product.

Only the moves are read from the plan (pod, from, to, wave); the scorer in `worlds/raw` goes from
the same raw files to costs and shares by itself, and says what is wrong with the moves.
"""

import ast
import copy
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cli.commands import OFFLINE, ROOT, shorthaul
from worlds.raw import dumps, feasibilities, lines, random_lines, scorers

RAW = ROOT / "tests" / "worlds" / "raw"
DEMO = ROOT / "examples" / "demo" / "recording"
EXAMPLES = {
    "offline": (OFFLINE / "cluster.json", OFFLINE / "hubble"),
    "edges": (OFFLINE / "cluster.json", OFFLINE / "edges.csv"),
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


@pytest.mark.parametrize("routing", ROUTINGS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_cost_what_plans_say(name, routing):
    spec = judge(*EXAMPLES[name], routing)

    assert spec["moves"]
    assert spec["objective"]["after"] < spec["objective"]["before"]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_worlds_cost_what_plans_say(tmp_path, seed):
    cluster, flows = random_lines.write_world(tmp_path, seed)

    judge(cluster, flows, "services" if seed % 3 else ROUTINGS[1 + seed // 3 % 4])
