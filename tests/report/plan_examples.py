"""Plans as values for the tests of reports: small, with every part that a report shows."""

from shorthaul.cluster.reasons import Reason
from shorthaul.plan.plans import Locality, Move, Plan, Refusal, Value
from shorthaul.topology.distances import DEFAULT_LABELS, DEFAULT_SCALE, Distances, measure
from shorthaul.units import TIERS, NodeName, Objective, Tier, Uid
from worlds.builders import reference, workload_reference


def shares(*parts):
    return dict(zip(TIERS, parts, strict=True))


def distances(**zones: str) -> Distances:
    return measure(
        {
            NodeName(name): {
                DEFAULT_LABELS[Tier.ZONE]: zone,
                DEFAULT_LABELS[Tier.REGION]: "r",
            }
            for name, zone in zones.items()
        },
        DEFAULT_SCALE,
    )


DISTANCES = distances(n1="zone-a", n2="zone-b", n3="zone-b")


def move(pod="shop/cart-7f", source="n1", target="n2", wave=1, gain=41e6, reason="with shop/db"):
    ref = reference(pod)
    owner = workload_reference(pod.rpartition("-")[0])
    return Move(
        ref, Uid(f"uid-{ref}"), owner, NodeName(source), NodeName(target), wave, gain, reason
    )


def refusal(pod, code="NotEnoughCpu", message="node n2 has 100m cpu left, it asks 500m"):
    return Refusal(reference(pod), Reason(code, message))


def plan(moves=(), refusals=(), **more):
    given = {
        "value": Value(Objective.BYTES, "bytes/s·distance", 120e6, 60e6, 45e6, "relaxation"),
        "locality": Locality(shares(0.1, 0, 0.2, 0.7, 0), shares(0.6, 0, 0.3, 0.1, 0)),
        "inputs": {"cluster": "sha256:00", "seed": "0"},
    }
    return Plan(moves=tuple(moves), refusals=tuple(refusals), **(given | more))
