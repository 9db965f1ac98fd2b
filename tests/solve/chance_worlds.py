"""Small random clusters with traffic and constraints, from a number: the same for the same number.

Nodes in zones and racks (some without labels), workloads of a few replicas with requests, anti-
affinity, affinity, spread, host ports, taints and selectors now and then; today's placement is
feasible for the capacity, as a scheduler would have left it.
"""

from dataclasses import dataclass
from typing import Any

from shorthaul.cluster import snapshots
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan.requests import Request
from shorthaul.solve.draws import Draws
from shorthaul.topology.distances import DEFAULT_SCALE, Distances, measure
from shorthaul.units import PodRef, Routing, Unit
from worlds import builders


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a world may be, and how tight."""

    nodes: int = 4
    workloads: int = 4
    replicas: int = 3
    edges: int = 6
    constrained: int = 30
    room_percent: int = 140
    routing: Routing | None = None
    bare_percent: int = 5


def request(number: int, shape: Shape | None = None, **more: Any) -> Request:
    """The request of planning a random world."""
    made = _Maker(Draws(number, 7), shape or Shape())
    snapshot = made.snapshot()
    given: dict[str, Any] = {
        "snapshot": snapshot,
        "edges": made.edges(),
        "unit": Unit.BYTES,
        "distances": distances_of(snapshot),
        "rules": made.rules(),
    }
    return Request(**(given | more))


def distances_of(snapshot: snapshots.Snapshot) -> Distances:
    """Distances from the nodes' labels."""
    return measure({name: node.labels for name, node in snapshot.nodes.items()}, DEFAULT_SCALE)


class _Maker:
    def __init__(self, draws: Draws, shape: Shape) -> None:
        self._draws = draws
        self._shape = shape
        self._names = [f"w{i}" for i in range(2 + draws.below(max(1, shape.workloads - 1)))]
        self._replicas = {name: 1 + draws.below(shape.replicas) for name in self._names}
        self._cpu = {name: 100 * (1 + draws.below(5)) for name in self._names}

    def rules(self) -> Rules:
        least = 1 + self._draws.below(2)
        domains = ("a", "b") if self._draws.chance(10) else ("",)
        return Rules(
            WorkloadRules(least_hosts=least),
            {
                builders.workload_reference(name): WorkloadRules(
                    least_hosts=least, trust_domain=self._draws.pick(domains)
                )
                for name in self._names
            },
        )

    def snapshot(self) -> snapshots.Snapshot:
        asked = sum(self._cpu[name] * self._replicas[name] for name in self._names)
        count = max(2, self._draws.below(self._shape.nodes + 1))
        cpu = max(asked * self._shape.room_percent // 100 // count, *self._cpu.values())
        nodes = [self._node(i, cpu) for i in range(count)]
        free = {node.name: cpu for node in nodes}
        pods = [pod for name in self._names for pod in self._workload(name, free)]
        return builders.cluster(nodes, pods)

    def _node(self, index: int, cpu: int) -> snapshots.Node:
        zone = "" if self._draws.chance(self._shape.bare_percent) else f"z{index % 2 + 1}"
        rack = f"{zone}-r{index // 2 % 2}" if zone and self._draws.chance(80) else ""
        taints = (snapshots.Taint("only", "x", "NoSchedule"),) if self._rare() else ()
        return builders.node(
            f"n{index}", zone, rack, cpu=f"{cpu}m", taints=taints, unschedulable=self._rare()
        )

    def _rare(self) -> bool:
        return self._draws.chance(self._shape.constrained // 4)

    def _workload(self, name: str, free: dict[Any, int]) -> list[snapshots.Pod]:
        more = self._wishes(name)
        found = []
        for i in range(self._replicas[name]):
            roomy = [node for node in sorted(free) if free[node] >= self._cpu[name]]
            if not roomy:
                break
            node = self._draws.pick(roomy)
            free[node] -= self._cpu[name]
            found.append(builders.pod(f"{name}-{i}", node, cpu=f"{self._cpu[name]}m", **more))
        return found

    def _wishes(self, name: str) -> dict[str, Any]:
        if not self._draws.chance(self._shape.constrained):
            return {}
        other = self._draws.pick(self._names)
        return self._draws.pick(
            [
                {"anti_affinity": (builders.apart(app=name),)},
                {"anti_affinity": (builders.apart(builders.ZONE, app=other),)},
                {"affinity": (builders.together(builders.ZONE, app=other),)},
                {"spread": (builders.spread(builders.ZONE, app=name),)},
                {"spread": (builders.spread(builders.HOST, 2, app=name),)},
                {"host_ports": (snapshots.HostPort(80),)},
                {"node_selector": {builders.ZONE: "z1"}},
                {"kind": "StatefulSet"},
                {"kind": "DaemonSet"},
            ]
        )

    def edges(self) -> tuple[RoutedEdge, ...]:
        found = []
        for _ in range(1 + self._draws.below(self._shape.edges)):
            client, server = self._vertex(), self._vertex()
            rate = float(1 + self._draws.below(1000)) / 8
            routing = self._shape.routing or self._draws.pick(list(Routing))
            found.append(RoutedEdge(client, server, rate, routing))
        return tuple(found)

    def _vertex(self) -> Any:
        name = self._draws.pick(self._names)
        if self._draws.chance(20):
            return PodRef(builders.reference(name).namespace, f"{name}-0")
        return builders.workload_reference(name)
