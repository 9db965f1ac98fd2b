"""The slow, obvious referee: may this pod be there, may these moves be made, is this state legal.

Every plan must pass here before it is written and again before each eviction. It asks the
constraints one after the other and shares no shortcut with any solver. The referee of moves in
waves is in `waves`.
"""

from shorthaul.cluster import waves as orders
from shorthaul.cluster.constraints import catalogue, floors
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Node, Pod, Snapshot
from shorthaul.cluster.waves import Verdict, Waves
from shorthaul.cluster.worlds import Clients, World


def check_target(pod: Pod, node: Node, world: World, rules: Rules) -> tuple[Reason, ...]:
    """Every reason why a pod may not be on a node, all other pods being where they are."""
    asked = world.under(rules)
    checks = (*catalogue.STATIC, *catalogue.DYNAMIC)
    return tuple(reason for check in checks if (reason := check(pod, node, asked)) is not None)


def check_pod(pod: Pod, world: World, rules: Rules, now_seconds: float) -> tuple[Reason, ...]:
    """Every reason why a pod may not be moved anywhere."""
    answers = (veto(pod, world, rules, now_seconds) for veto in catalogue.VETOES)
    return tuple(reason for reason in answers if reason is not None)


def check_moves(
    snapshot: Snapshot,
    waves: Waves,
    rules: Rules,
    now_seconds: float,
    *,
    clients: Clients | None = None,
) -> tuple[Verdict, ...]:
    """Every reason against moves made wave by wave, by pod; none when the plan is sound."""
    world = World(snapshot, rules, clients)
    found: list[Verdict] = []
    for wave in waves:
        found += orders.malformed(wave, world)
        found += orders.check_wave(orders.sound(wave, world), world, now_seconds)
    return tuple(sorted(set(found)))


def violations(snapshot: Snapshot, rules: Rules) -> tuple[Verdict, ...]:
    """What is wrong with a state as it stands, by pod; a workload's lack is told of its first pod.

    Only what must hold all the time is asked: a pod may well stay on a node that is cordoned or
    that has got another label since.
    """
    world = World(snapshot, rules)
    found: set[Verdict] = set()
    for pod in world.pods():
        if pod.node is None or pod.node not in world.nodes:
            continue
        node = world.nodes[pod.node]
        answers = (check(pod, node, world) for check in catalogue.DYNAMIC)
        found |= {(pod.ref, reason) for reason in answers if reason is not None}
    for workload in sorted({pod.workload for pod in world.pods()}):
        reason = floors.shortfall(workload, world)
        if reason is not None:
            found.add((world.replicas_of(workload)[0].ref, reason))
    return tuple(sorted(found))
