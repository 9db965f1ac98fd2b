"""Random small worlds for property tests: a few nodes and workloads with every kind of wish.

`scheduled` places pods one after the other where the constraints allow, as a scheduler would;
`snapshots` places them anywhere.
"""

from dataclasses import replace

from hypothesis import strategies as some

from shorthaul.cluster import snapshots as values
from shorthaul.cluster.constraints import catalogue
from shorthaul.cluster.worlds import World
from worlds.builders import HOST, ZONE, apart, cluster, node, pod, spread, together

_APPS = ("cart", "web", "db")
_KEYS = (HOST, ZONE)


@some.composite
def _nodes(draw):
    count = draw(some.integers(2, 5))
    made = []
    for i in range(count):
        zone = draw(some.sampled_from(["z1", "z2", ""]))
        tainted = draw(some.integers(0, 9)) == 0
        taints = (values.Taint("team", "blue", "NoSchedule"),) if tainted else ()
        labels = {"disk": draw(some.sampled_from(["ssd", "hdd"]))}
        cpu = draw(some.sampled_from(["1", "2"]))
        made.append(node(f"n{i + 1}", zone, cpu=cpu, taints=taints, labels=labels))
    return made


@some.composite
def _wishes(draw, app):
    """What all pods of a workload ask for; most ask for little."""
    other = draw(some.sampled_from(_APPS))
    key = draw(some.sampled_from(_KEYS))
    wish = draw(some.integers(0, 7))
    given = {"cpu": draw(some.sampled_from(["100m", "400m"])), "of": app}
    match wish:
        case 0:
            given["anti_affinity"] = (apart(key, app=app),)
        case 1:
            given["anti_affinity"] = (apart(HOST, app=other),)
        case 2:
            given["affinity"] = (together(key, app=app),)
        case 3:
            given["spread"] = (spread(key, draw(some.integers(1, 2)), app=app),)
        case 4:
            given["node_selector"] = {"disk": "ssd"}
        case 5:
            given["host_ports"] = (values.HostPort(8080),)
        case _:
            pass
    if draw(some.booleans()):
        given["tolerations"] = (values.Toleration(operator="Exists"),)
    return given


@some.composite
def _pods(draw):
    made = []
    for app in _APPS:
        wishes = draw(_wishes(app))
        made += [pod(f"{app}-{i}", "n1", **wishes) for i in range(draw(some.integers(1, 4)))]
    return made


@some.composite
def snapshots(draw):
    """A cluster whose pods are anywhere, legal or not."""
    rooms, pods = draw(_nodes()), draw(_pods())
    names = [room.name for room in rooms]
    return cluster(rooms, [replace(one, node=draw(some.sampled_from(names))) for one in pods])


@some.composite
def scheduled(draw):
    """A cluster whose pods came one by one, each to a node that was feasible then."""
    rooms, pods = draw(_nodes()), draw(_pods())
    world = World(cluster(rooms))
    for one in draw(some.permutations(pods)):
        feasible = [room for room in rooms if is_feasible(one, room, world)]
        if feasible:
            world.add(replace(one, node=draw(some.sampled_from(feasible)).name))
    return cluster(rooms, world.pods())


def is_feasible(one, room, world):
    """Whether no constraint refuses a pod on a node."""
    checks = (*catalogue.STATIC, *catalogue.DYNAMIC)
    return all(check(one, room, world) is None for check in checks)
