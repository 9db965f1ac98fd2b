"""How large each synthetic world is, and what every one of them has in common.

The constants are those of the research that the goals were taken from, so that figures compare:
heavy-tailed replicas, call graphs per application, shared hubs, 68 % of the cpu requested. 150k on
5,000 nodes is what Kubernetes says it supports at most; 1M on 20,000 is a fleet.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a world, and how tight and how constrained it is."""

    pods: int
    nodes: int
    used: float = 0.68
    zones: int = 3
    nodes_per_rack: int = 20
    pools: int = 3
    apart_share: float = 0.10
    spread_share: float = 0.20
    sigma: float = 2.0


SHAPES: Mapping[str, Shape] = {
    "tiny24": Shape(24, 4, pools=1),
    "tiny40": Shape(40, 5, pools=1),
    "tiny60": Shape(60, 6, pools=1),
    "tiny100": Shape(100, 8, pools=1),
    "200": Shape(200, 10, pools=1),
    "1k": Shape(1_000, 50),
    "2k": Shape(2_000, 100),
    "10k": Shape(10_000, 500),
    "50k": Shape(50_000, 2_500),
    "100k": Shape(100_000, 5_000),
    "150k": Shape(150_000, 5_000),
    "1M": Shape(1_000_000, 20_000),
}
