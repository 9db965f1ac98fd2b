"""The least that can cross between racks: an exact optimum, from the shop's own weights.

This is the one module here that asks Shorthaul anything, and only its exact solver: CP-SAT on the
problem that all rules of placement pose, priced by nothing but crossing between racks. Nothing
that was measured goes in, so the answer does not depend on how well telemetry counts.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realshop import shops
from shorthaul.cli import requests
from shorthaul.cli.progress import Silence
from shorthaul.plan.posing import pose
from shorthaul.solve import cells, exact, standings

ONLY_CROSSING = """
apiVersion: shorthaul.dev/v1alpha1
kind: Topology
metadata: {name: default}
spec: {distances: {host: 0, rack: 0, zone: 1, region: 1, beyond: 1}}
"""
COLUMNS = (
    *("src_namespace", "src_kind", "src_name", "dst_namespace", "dst_kind", "dst_name"),
    *("rate", "unit"),
)
WORK = 60.0


@dataclass(frozen=True, slots=True)
class Least:
    """Bytes per second between racks: now, at best, and a bound that nothing is below."""

    now: float
    least: float
    bound: float
    proven: bool


def least(shop: shops.Shop, objects: Iterable[dict[str, Any]]) -> Least:
    """Return the least for a shop on a cluster whose objects are given."""
    with tempfile.TemporaryDirectory(prefix="shorthaul-shop-") as name:
        folder = Path(name)
        (folder / "cluster.json").write_text(json.dumps({"kind": "List", "items": list(objects)}))
        (folder / "topology.yaml").write_text(ONLY_CROSSING)
        write_edges(shop, folder / "edges.csv")
        asked = requests.Asked(
            cluster=[str(folder / "cluster.json")],
            flows=[str(folder / "edges.csv")],
            topology=str(folder / "topology.yaml"),
            objective="bytes",
            routing="uniform",
        )
        request = requests.prepare(asked, Silence()).request
    problem = pose(request)
    found = exact.solve(problem, work=WORK)
    if found is None:
        raise ValueError("the exact solver does not take this shop; its routing is not uniform")
    now = standings.todays_costs(problem, cells.cells(problem), standings.standing(problem)).sum()
    best = found.assignment.cost
    return Least(float(now) / problem.scale, best / problem.scale, found.lower, found.proven)


def write_edges(shop: shops.Shop, target: Path) -> None:
    """Write who says how much to whom as the edge list that `shorthaul plan` reads."""
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for call in shop.calls:
            client, server = (
                (shops.NAMESPACE, "Deployment", name) for name in (call.client, call.server)
            )
            rate = f"{shop.bytes_per_second(call):.1f}"
            writer.writerow([*client, *server, rate, "bytes/s"])
