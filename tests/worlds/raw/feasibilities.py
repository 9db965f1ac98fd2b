"""What is wrong with a plan's moves, from the raw dump alone; nothing is decided by product code.

Not every constraint of Kubernetes, but those that a reader checks first: who may not move at all
(DESIGN §4, "Never moved" and "Never a target"), where a pod may be, and whether the sums of what
pods ask fit, wave by wave, with the pods of a wave counted in both places, since any of them may
be late. A workload with two replicas or more keeps two hosts (DESIGN §8, `--min-hosts`).
"""

from collections.abc import Iterator

from worlds.raw.dumps import Dump, matches, selects
from worlds.raw.lines import End
from worlds.raw.quantities import RESOURCES, asked, given

_FIXED_KINDS = ("Pod", "DaemonSet", "Job", "CronJob")
_FIXED_WORDS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
    "shorthaul.dev/do-not-move": None,
}
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def wrongs(dump: Dump, moves: list[dict]) -> list[str]:
    """All that is wrong with a plan's moves, in words; empty where nothing is."""
    found: list[str] = []
    places = dict(dump.places)
    for wave in sorted({move["wave"] for move in moves}):
        steps = [move for move in moves if move["wave"] == wave]
        for move in steps:
            pod = (move["namespace"], "Pod", move["pod"])
            if places.get(pod) != move["from"] or dump.pods[pod]["metadata"]["uid"] != move["uid"]:
                found.append(f"{pod} is not the pod on {move['from']} that the plan takes it for")
            elif move["to"] not in dump.nodes:
                found.append(f"{pod} goes to {move['to']}, which does not exist")
        if found:
            return found
        found += _crowded(dump, places, steps)
        places |= {(move["namespace"], "Pod", move["pod"]): move["to"] for move in steps}
        for move in steps:
            pod = (move["namespace"], "Pod", move["pod"])
            found += _fixed(pod, dump)
            found += _shut(pod, dump.nodes[move["to"]], dump)
            found += _together(pod, places, dump)
            found += _skewed(pod, places, dump)
    return [*found, *_stacked(dump, places)]


def _crowded(dump: Dump, places: dict[End, str], steps: list[dict]) -> Iterator[str]:
    """Targets that overflow while old and new pods of a wave are both there."""
    for node in sorted({step["to"] for step in steps}):
        there = [pod for pod, at in places.items() if at == node]
        there += [(s["namespace"], "Pod", s["pod"]) for s in steps if s["to"] == node]
        for resource in RESOURCES:
            total = sum(asked(dump.pods[pod], resource) for pod in there)
            limit = given(dump.nodes[node], resource)
            if total > limit:
                yield f"node {node} has {limit} {resource} and {total} are asked"


def _fixed(pod: End, dump: Dump) -> Iterator[str]:
    raw = dump.pods[pod]
    meta, spec = raw["metadata"], raw["spec"]
    if dump.owners[pod][1] in _FIXED_KINDS or "kubernetes.io/config.mirror" in meta.get(
        "annotations", {}
    ):
        yield f"{pod} is of {dump.owners[pod]}, which is never moved"
    if pod[0] in ("kube-system", "shorthaul-system"):
        yield f"{pod} is in a namespace where nothing is moved"
    for key, value in _FIXED_WORDS.items():
        said = meta.get("annotations", {}).get(key)
        if said is not None and value in (None, said):
            yield f"{pod} has {key}={said}"
    if spec.get("schedulerName", "default-scheduler") != "default-scheduler":
        yield f"{pod} has another scheduler"
    if spec.get("priorityClassName", "").startswith("system-"):
        yield f"{pod} is critical"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume or "emptyDir" in volume:
            yield f"{pod} has volume {volume['name']}"
    for budget in dump.of("PodDisruptionBudget"):
        mine = budget["metadata"]["namespace"] == pod[0]
        spent = budget.get("status", {}).get("disruptionsAllowed", 0) < 1
        if mine and spent and selects(budget["spec"]["selector"], meta.get("labels", {})):
            yield f"{pod} has a budget that is spent"


def _shut(pod: End, node: dict, dump: Dump) -> Iterator[str]:
    """Why a node does not take a pod."""
    name, spec, ask = node["metadata"]["name"], node.get("spec", {}), dump.pods[pod]["spec"]
    states = {one["type"]: one["status"] for one in node["status"].get("conditions", [])}
    if states.get("Ready", "True") != "True" or any(states.get(p) == "True" for p in _PRESSURES):
        yield f"node {name} is not well: {states}"
    if spec.get("unschedulable"):
        yield f"node {name} is cordoned"
    for taint in spec.get("taints", []):
        if taint["effect"] != "PreferNoSchedule" and not any(
            _tolerates(one, taint) for one in ask.get("tolerations", [])
        ):
            yield f"{pod} does not tolerate {taint} of node {name}"
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in ask.get("nodeSelector", {}).items()):
        yield f"node {name} is not what {pod} selects"
    affinity = ask.get("affinity", {}).get("nodeAffinity", {})
    wanted = [affinity.get("requiredDuringSchedulingIgnoredDuringExecution")]
    for terms in [*wanted, *_volume_terms(pod, dump)]:
        if terms and not any(
            matches(term.get("matchExpressions", []), labels) for term in terms["nodeSelectorTerms"]
        ):
            yield f"node {name} is not where {pod} or its volume may be"


def _volume_terms(pod: End, dump: Dump) -> Iterator[dict | None]:
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in dump.pods[pod]["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    names = {
        one["spec"].get("volumeName")
        for one in dump.of("PersistentVolumeClaim")
        if one["metadata"]["namespace"] == pod[0] and one["metadata"]["name"] in claims
    }
    for volume in dump.of("PersistentVolume"):
        if volume["metadata"]["name"] in names:
            yield volume["spec"].get("nodeAffinity", {}).get("required")


def _tolerates(toleration: dict, taint: dict) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same = toleration.get("key") == taint["key"]
    return same and toleration.get("value", "") == taint.get("value", "")


def _together(pod: End, places: dict[End, str], dump: Dump) -> Iterator[str]:
    """Others that a pod, or they, do not want in one domain."""
    for other in places:
        for one, two in ((pod, other), (other, pod)):
            for term in _apart(dump.pods[one]):
                key = term["topologyKey"]
                domains = {
                    dump.nodes[places[each]]["metadata"]["labels"].get(key) for each in (one, two)
                }
                labels = dump.pods[two]["metadata"].get("labels", {})
                met = len(domains) == 1 and domains != {None}
                if (
                    one != two
                    and one[0] == two[0]
                    and met
                    and selects(term["labelSelector"], labels)
                ):
                    yield f"{one} is in one {key} with {two}"


def _apart(pod: dict) -> list[dict]:
    affinity = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])


def _skewed(pod: End, places: dict[End, str], dump: Dump) -> Iterator[str]:
    """Domains that a pod makes fuller than its spread allows, and than they were before."""
    for rule in dump.pods[pod]["spec"].get("topologySpreadConstraints", []):
        if rule["whenUnsatisfiable"] != "DoNotSchedule":
            continue
        key = rule["topologyKey"]
        before, after = (_skew(pod, some, rule, dump) for some in (dump.places, places))
        if after > max(rule["maxSkew"], before):
            yield f"{pod} has skew {after} over {key}, {rule['maxSkew']} is allowed"


def _skew(pod: End, places: dict[End, str], rule: dict, dump: Dump) -> int:
    key = rule["topologyKey"]
    domains = {name: one["metadata"]["labels"].get(key) for name, one in dump.nodes.items()}
    counts = dict.fromkeys(set(domains.values()) - {None}, 0)
    for other, node in places.items():
        labels = dump.pods[other]["metadata"].get("labels", {})
        if other[0] == pod[0] and domains[node] and selects(rule["labelSelector"], labels):
            counts[domains[node]] += 1
    return max(counts.values()) - min(counts.values())


def _stacked(dump: Dump, places: dict[End, str]) -> Iterator[str]:
    """Workloads that had two hosts and have one."""
    for workload in sorted(set(dump.owners.values())):
        before, after = (
            {node for pod, node in some.items() if dump.owners[pod] == workload}
            for some in (dump.places, places)
        )
        if len(after) < min(2, len(before)):
            yield f"{workload} had {len(before)} hosts and has {len(after)}"
