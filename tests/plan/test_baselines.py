"""What a promise is held against: windows that show the pods that are there today."""

from datetime import UTC, datetime, timedelta

from shorthaul.api.objects import Gain, ObjectMeta, WorkloadName
from shorthaul.api.podmoves import MovedPod, MovePhase, PodMove, PodMoveSpec, PodMoveStatus
from shorthaul.cluster.snapshots import Node, Pod, Snapshot
from shorthaul.plan import baselines
from shorthaul.plan.views import Terms, View
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import Edge, TrafficGraph
from shorthaul.units import Namespace, NodeName, PodRef, Uid, Unit, WorkloadRef

SHOP = Namespace("shop")
CART, DB = (WorkloadRef(SHOP, "Deployment", name) for name in ("cart", "db"))
HERE = NodeName("n1")
WINDOW = 10
NOW = 1_000.0
TERMS = Terms(window_seconds=WINDOW, verification_windows=3)


def windows(count=20):
    """Windows that end at NOW, oldest first."""
    ends = [NOW - WINDOW * age for age in reversed(range(count))]
    return [TrafficGraph(Unit.FLOWS, WINDOW, (), end_seconds=end) for end in ends]


def pods(workload, *ages):
    refs = [PodRef(SHOP, f"{workload.name}-{index}") for index in range(len(ages))]
    return {
        ref: Pod(ref, Uid(ref.name), workload, HERE, created_seconds=NOW - age)
        for ref, age in zip(refs, ages, strict=True)
    }


def view(found, *moves):
    return View(
        now=datetime.fromtimestamp(NOW, UTC),
        snapshot=Snapshot(nodes={HERE: Node(HERE)}, pods=found),
        distances=measure({HERE: {}}, DEFAULT_SCALE),
        moves=moves,
    )


def landed(workload, ago):
    finished = datetime.fromtimestamp(NOW, UTC) - timedelta(seconds=ago)
    return PodMove(
        metadata=ObjectMeta(name="move", namespace=SHOP),
        spec=PodMoveSpec(
            pod=MovedPod(name="cart-0", uid="u"),
            workload=WorkloadName(kind=workload.kind, name=workload.name),
            source="n2",
            target="n1",
            plan="plan",
            digest="sha256:" + "a" * 64,
            policy="near",
            gain=Gain(value=1, unit="u"),
            wave=0,
        ),
        status=PodMoveStatus(phase=MovePhase.LANDED, started_at=finished, finished_at=finished),
    )


def settled(found, *moves, of=CART):
    return len(baselines.settled(windows(), view(found, *moves), frozenset({of})))


def test_windows_before_a_pod_was_replaced_do_not_count():
    assert settled(pods(CART, 500, 500)) == baselines.MOST_WINDOWS
    assert settled(pods(CART, 500, 45)) == 4
    assert settled(pods(CART, 500, 5)) == 0


def test_one_new_pod_of_many_does_not_hold_up_the_rest():
    assert settled(pods(CART, *[500] * 17, 35, 25, 5)) == 3
    assert settled(pods(CART, *[500] * 18, 25, 5)) == baselines.MOST_WINDOWS


def test_windows_before_a_move_had_landed_do_not_count():
    assert settled(pods(CART, 500), landed(CART, 25)) == 2
    assert settled(pods(CART, 500), landed(DB, 25)) == baselines.MOST_WINDOWS


def test_pods_of_other_workloads_do_not_matter():
    assert settled(pods(CART, 500) | pods(DB, 1)) == baselines.MOST_WINDOWS


def test_too_few_windows_are_a_reason_to_wait():
    assert baselines.too_few(3, TERMS) is None

    reason = baselines.too_few(2, TERMS)

    assert reason is not None
    assert (reason.code, "2 of 3 windows" in reason.message) == ("Settling", True)


def test_the_volume_is_that_of_the_map_also_for_workloads_whose_pods_are_gone():
    edges = (Edge(CART, DB, 10, 5), Edge(DB, PodRef(SHOP, "cart-0"), 3, 0), Edge(DB, DB, 100, 0))
    average = TrafficGraph(Unit.FLOWS, WINDOW, edges)

    assert baselines.volume(average, view(pods(CART, 500)).snapshot, frozenset({CART})) == 18
    assert baselines.volume(average, view({}).snapshot, frozenset({CART})) == 15
