"""Whether moves that go on at the same time are safe in any order.

A wave is a set of moves that may overlap: an old pod may still terminate while its successor and
those of the others run already, or a successor may not have come yet. So each move is tried
against the world in which every other pod of the wave is in both places (nobody's room is free
yet), and, where a pod needs others near it, against those in which they are in neither or in one.
For a spread, which counts both ways, the fullest count of the target is held against the emptiest
of the rest.
After the wave the moves are made in the world, as the next wave finds it: a pod that is moved once
more in a later wave starts from where it was parked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shorthaul.cluster.constraints import (
    budgets,
    catalogue,
    local_endpoints,
    pod_affinities,
    quotas,
    spreads,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World
from shorthaul.units import NodeName, PodRef, WorkloadRef

Step = tuple[PodRef, NodeName]
Waves = Sequence[Sequence[Step]]
Verdict = tuple[PodRef, Reason]
_CROWDED = tuple(
    check
    for check in (*catalogue.STATIC, *catalogue.DYNAMIC)
    if check not in (pod_affinities.check, spreads.check)
)


def malformed(wave: Iterable[Step], world: World) -> list[Verdict]:
    """Moves that mean nothing: pods unknown, moved twice, or there already; unknown targets."""
    found, seen = [], set[PodRef]()
    for ref, target in wave:
        if ref in seen:
            found.append((ref, Reason("MovedTwice", f"pod {ref} is moved twice in one wave")))
        elif not world.has(ref):
            found.append((ref, Reason("PodUnknown", f"pod {ref} does not exist or has ended")))
        elif target not in world.nodes:
            found.append((ref, Reason("NodeUnknown", f"target {target} of {ref} is not known")))
        elif world.pod(ref).node == target:
            found.append((ref, Reason("NoMove", f"pod {ref} is on node {target} already")))
        seen.add(ref)
    return found


def sound(wave: Iterable[Step], world: World) -> list[Step]:
    """The moves that mean something, each pod once."""
    steps: dict[PodRef, NodeName] = {}
    for ref, target in wave:
        if world.has(ref) and target in world.nodes and world.pod(ref).node != target:
            steps.setdefault(ref, target)
    return list(steps.items())


def check_wave(steps: Sequence[Step], world: World, now_seconds: float) -> list[Verdict]:
    """Every reason against the moves of one wave; then makes them."""
    pods = [world.pod(ref) for ref, _ in steps]
    found = _vetoes(pods, world, now_seconds)
    found += _in_flight(pods) + _budgets(pods, world) + _quotas(pods, world)
    found += _crowded(steps, world) + _sparse(steps, world)
    found += _stranded(steps, world)
    return found


def check_step(
    step: Step, beside: Sequence[PodRef], world: World, now_seconds: float
) -> Reason | None:
    """The first thing against one more move of a wave whose other successors are in the world.

    What it lets pass, `check_wave` may still refuse: it looks at the wave as a whole.
    """
    ref, target = step
    pod, node = world.pod(ref), world.nodes[target]
    for check in (*_CROWDED, pod_affinities.check, spreads.check):
        reason = check(pod, node, world)
        if reason is not None:
            return reason
    pods = [world.pod(other) for other in beside if other.namespace == ref.namespace]
    found = _budgets([*pods, pod], world) + _vetoes([pod], world, now_seconds)
    if world.quotas_in(ref.namespace):
        found += _quotas([*pods, pod], world)
    among = local_endpoints.veto_among(pod, world, frozenset(one.ref for one in pods))
    return next((reason for one, reason in found if one == ref), among)


def successor(pod: Pod, target: NodeName) -> Pod:
    """The pod that its controller will make; it has another name, which nobody knows yet."""
    return replace(pod, ref=successor_ref(pod.ref), node=target)


def successor_ref(ref: PodRef) -> PodRef:
    """What a pod's successor is called here; no pod of Kubernetes has such a name."""
    return PodRef(ref.namespace, f"{ref.name} (successor)")


def _vetoes(pods: Sequence[Pod], world: World, now_seconds: float) -> list[Verdict]:
    refs = frozenset(pod.ref for pod in pods)
    found = []
    for pod in pods:
        answers = [veto(pod, world, world.rules, now_seconds) for veto in catalogue.VETOES]
        answers.append(local_endpoints.veto_among(pod, world, refs))
        found += [(pod.ref, reason) for reason in answers if reason is not None]
    return found


def _in_flight(pods: Iterable[Pod]) -> list[Verdict]:
    first: dict[WorkloadRef, PodRef] = {}
    return [
        (
            pod.ref,
            Reason(
                "WorkloadInFlight",
                f"{pod.workload} has {first[pod.workload]} in flight in the same wave, 1 at most",
            ),
        )
        for pod in pods
        if first.setdefault(pod.workload, pod.ref) != pod.ref
    ]


def _budgets(pods: Iterable[Pod], world: World) -> list[Verdict]:
    """Moves beyond what a budget allows at one time."""
    found, spent = [], dict[tuple[str, str], int]()
    for pod in pods:
        for budget in budgets.budgets_of(pod, world):
            key = (budget.namespace, budget.name)
            spent[key] = spent.get(key, 0) + 1
            allowed = budgets.disruptions_allowed(budget, world) or 0
            if spent[key] > max(allowed, 1):
                message = (
                    f"budget {budget.namespace}/{budget.name} allows {allowed} disruptions, pod "
                    f"{pod.ref} is number {spent[key]} of its wave"
                )
                found.append((pod.ref, Reason("BudgetSpent", message)))
    return found


def _quotas(pods: Sequence[Pod], world: World) -> list[Verdict]:
    """The first move with which a wave breaks a quota."""
    if quotas.overdrawn(pods, world) is None:
        return []
    for count in range(2, len(pods) + 1):
        reason = quotas.overdrawn(pods[:count], world)
        if reason is not None and quotas.overdrawn([pods[count - 1]], world) is None:
            return [(pods[count - 1].ref, reason)]
    return []


def _crowded(steps: Sequence[Step], world: World) -> list[Verdict]:
    """Each move while all others of the wave take room in both places."""
    successors = {ref: successor(world.pod(ref), target) for ref, target in steps}
    for arrival in successors.values():
        world.add(arrival)
    found = []
    for ref, target in steps:
        world.remove(successors[ref].ref)
        answers = [check(world.pod(ref), world.nodes[target], world) for check in _CROWDED]
        found += [(ref, reason) for reason in answers if reason is not None]
        world.add(successors[ref])
    for arrival in successors.values():
        world.remove(arrival.ref)
    return found


def _sparse(steps: Sequence[Step], world: World) -> list[Verdict]:
    """Each move while none of the others of the wave can be relied on."""
    if not any(world.pod(ref).affinity or world.pod(ref).spread for ref, _ in steps):
        return []
    old = {ref: world.remove(ref) for ref, _ in steps}
    found = []
    for ref, target in steps:
        if not old[ref].affinity and not old[ref].spread:
            continue
        node = world.nodes[target]
        others = [(old[other], place) for other, place in steps if other != ref]
        answers = [_affinity(old[ref], node, others, world), _spread(old[ref], node, others, world)]
        found += [(ref, reason) for reason in answers if reason is not None]
    for pod in old.values():
        world.add(pod)
    return found


def _affinity(
    pod: Pod, node: Node, others: Iterable[tuple[Pod, NodeName]], world: World
) -> Reason | None:
    """With none of the others there, and with each of those that it wants in one place only."""
    reason = pod_affinities.check(pod, node, world)
    if reason is not None or not pod.affinity:
        return reason
    for other, target in others:
        if not all(world.matches(term, pod, other) for term in pod.affinity):
            continue
        for place in (other.node, target):
            world.add(replace(other, node=place))
            reason = pod_affinities.check(pod, node, world)
            world.remove(other.ref)
            if reason is not None:
                return reason
    return None


def _spread(
    pod: Pod, node: Node, others: Sequence[tuple[Pod, NodeName]], world: World
) -> Reason | None:
    """The fullest that the target can be against the emptiest that the rest can be."""
    for constraint in pod.spread:
        if constraint.topology_key not in node.labels or constraint.selector is None:
            return spreads.check(pod, node, world)
        counts = spreads.counts_of(pod, constraint, world)
        domains = spreads.domains_of(pod, constraint, world)
        home = node.labels[constraint.topology_key]
        passing = sum(
            1
            for other, target in others
            if constraint.selector.matches(other.labels)
            and other.ref.namespace == pod.ref.namespace
            and home in (domains.get(other.node), domains.get(target))
        )
        itself = int(constraint.selector.matches(pod.labels))
        here = counts.get(home, 0) + passing + itself
        least = spreads.least_of(constraint, counts)
        if here - least > constraint.max_skew:
            return Reason(
                "SpreadExceeded",
                f"pod {pod.ref} on node {node.name} can make {here} in {constraint.topology_key}="
                f"{home} against {least} elsewhere while its wave goes on, skew {here - least} of "
                f"{constraint.max_skew} allowed",
            )
    return None


def _stranded(steps: Sequence[Step], world: World) -> list[Verdict]:
    """Makes the moves, and tells of pods left behind without those that they require near them.

    Kubernetes lets such a pod run on, but it could not be scheduled there again.
    """
    refs = {ref for ref, _ in steps}
    minding = world.attracted_to(world.pod(ref) for ref in refs)
    staying = [pod for pod in minding if pod.node and pod.ref not in refs]
    content = [pod for pod in staying if _is_content(pod, world)]
    for ref, target in steps:
        world.move(ref, target)
    found = []
    for pod in content:
        if _is_content(pod, world):
            continue
        needed = [ref for ref in sorted(refs) if _wants(pod, world.pod(ref), world)]
        message = f"pod {pod.ref} on node {pod.node} requires it near and would be left behind"
        found += [(ref, Reason("LeavesBehind", f"{message} by {ref}")) for ref in needed]
    return found


def _is_content(pod: Pod, world: World) -> bool:
    node = world.nodes.get(pod.node) if pod.node is not None else None
    return node is not None and pod_affinities.check(pod, node, world) is None


def _wants(pod: Pod, other: Pod, world: World) -> bool:
    return any(world.matches(term, pod, other) for term in pod.affinity)
