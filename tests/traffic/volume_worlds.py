"""Small windows of bytes, drawn at random or written by hand, for laws about them."""

from hypothesis import HealthCheck, settings, strategies

from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.observations import Observations, ObserverSum
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.volumes import Left, Sent, Volume, unordered
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Namespace, NodeName, PodRef, Unit, WorkloadRef

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RULES = WindowRules(window_seconds=10, kept_windows=4, half_life_windows=2.0, stale_windows=4)
NOW = 1_000
STARTS = (960, 970, 980, 990)
NAMES = ("api", "cart", "db", "web")
NODES = {"api": "n1", "cart": "n2", "db": "n3", "web": "n1"}


def workload(name):
    return WorkloadRef(Namespace("shop"), "Deployment", name)


def pod(name, number=0):
    return PodRef(Namespace("shop"), f"{name}-{number}")


CLUSTER = Directory(
    pods={
        pod(name, number): PodIdentity(workload(name), NodeName(node))
        for name, node in NODES.items()
        for number in (0, 1)
    },
    workloads=frozenset(map(workload, NAMES)),
)


def volume(start, *edges, complete=True, pairs=(), left=(), ends=()):
    """A window; edges are (client, server, forward, backward), pairs (pod, pod, bytes).

    Of ends it has (workload, workload, told at the one, told at the other), the lower name first.
    """
    named = [(pod(*one), pod(*other), size) for one, other, size in pairs]
    return Volume(
        start_seconds=start,
        seconds=RULES.window_seconds,
        edges={(workload(a), workload(b)): Sent(there, back) for a, b, there, back in edges},
        pairs={(one, other): Sent(size) for one, other, size in named},
        owners={
            each: CLUSTER.pods[each].workload for one, other, _ in named for each in (one, other)
        },
        ends={(workload(a), workload(b)): EndSums(*told) for a, b, *told in ends},
        leftovers=tuple(Left(reason, size) for reason, size in left),
        complete=complete,
    )


def events(*pairs, heard=("n1", "n2", "n3")):
    """What Hubble saw; pairs are (client pod, server pod, events each way)."""
    return Observations(
        Unit.FLOWS,
        pairs=pair_sums(PairSum(pod(*one), pod(*other), n, n) for one, other, n in pairs),
        observers={NodeName(name): ObserverSum(10, 0) for name in heard},
        earliest_nanoseconds=0,
        latest_nanoseconds=10**9,
    )


sizes = strategies.integers(0, 10**12)
counts = strategies.integers(0, 9)
edge_maps = strategies.dictionaries(
    strategies.tuples(*[strategies.sampled_from([workload(name) for name in NAMES])] * 2),
    strategies.tuples(sizes, sizes, counts, counts).map(lambda each: Sent(*each)),
    max_size=6,
)
end_maps = strategies.dictionaries(
    strategies.tuples(*[strategies.sampled_from([workload(name) for name in NAMES])] * 2).map(
        unordered
    ),
    strategies.builds(EndSums, sizes, sizes),
    max_size=6,
)
volumes = strategies.builds(
    Volume,
    start_seconds=strategies.sampled_from((*range(900, 960, 10), *STARTS)),
    seconds=strategies.just(RULES.window_seconds),
    edges=edge_maps,
    ends=end_maps,
    leftovers=strategies.lists(
        strategies.tuples(strategies.sampled_from(("lost", "world")), sizes, counts).map(
            lambda each: Left(*each)
        ),
        max_size=2,
    ).map(tuple),
    complete=strategies.booleans(),
)
told = strategies.lists(
    strategies.tuples(strategies.sampled_from(("one", "other")), volumes), max_size=8
)
