import pytest

from shorthaul.cluster.constraints import host_ports
from shorthaul.cluster.snapshots import HostPort
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours, theirs):
    mover = pod("gate-1", "n1", host_ports=(ours,))
    other = pod("door-1", "n2", host_ports=(theirs,))
    world = World(cluster(node("n1"), node("n2"), mover, other))
    return host_ports.check(mover, world.nodes["n2"], world)


@pytest.mark.parametrize(
    "theirs",
    [HostPort(81), HostPort(80, "UDP"), HostPort(80, "TCP", "10.0.0.2")],
)
def test_another_port_protocol_or_address_is_free(theirs):
    assert ask(HostPort(80, "TCP", "10.0.0.1"), theirs) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (HostPort(80), HostPort(80)),
        (HostPort(80, "TCP", "10.0.0.1"), HostPort(80, "TCP", "0.0.0.0")),
        (HostPort(80, "TCP", ""), HostPort(80, "TCP", "10.0.0.1")),
        (HostPort(80, "TCP", "10.0.0.1"), HostPort(80, "TCP", "10.0.0.1")),
    ],
)
def test_the_same_port_on_an_overlapping_address_is_taken(ours, theirs):
    reason = ask(ours, theirs)

    assert reason.code == "HostPortTaken"
    assert "shop/door-1" in reason.message
