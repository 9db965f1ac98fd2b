"""A way between racks that was made long carries everything whole, and later. No node runs."""

import os
import socket
import threading
import time

import pytest

from realnodes import cgroups, clusters, fabrics, layouts, leftovers, namespaces, shells, starters
from realshop.disturbances import delays

pytestmark = pytest.mark.realcluster
PAYLOAD = os.urandom(300_000)
LONGER_MILLISECONDS = 20.0
PORT = 5_000


@pytest.fixture
def cluster(tmp_path):
    """The network of a cluster of two nodes in two racks, and nothing on it."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root")
    layout = layouts.Layout(f"w{os.getpid()}", tmp_path, 2, 2, "ptp", "1.36.3")
    try:
        cgroups.Groups(layout.name, cgroups.mounted()).make([starters.CONTROL_PLANE_PART])
        fabrics.build(layout)
    except (shells.Failed, OSError) as error:
        pytest.skip(f"no network of racks can be made here: {error}")
    else:
        yield clusters.Cluster(layout)
    finally:
        leftovers.take_down(layout.name)
    assert leftovers.remains(layout.name) == []


def carried(cluster):
    """Send the payload from rack to rack; how long connecting took, and what came."""
    one, other = cluster.layout.nodes
    received = bytearray()
    with namespaces.inside(cluster.layout.namespace(other)):
        listening = socket.create_server((other.address, PORT))

    def take() -> None:
        connection, _ = listening.accept()
        while part := connection.recv(1 << 16):
            received.extend(part)

    taking = threading.Thread(target=take)
    taking.start()
    with namespaces.inside(cluster.layout.namespace(one)), socket.socket() as sending:
        sending.settimeout(10.0)
        began = time.monotonic()
        sending.connect((other.address, PORT))
        took = time.monotonic() - began
        sending.sendall(PAYLOAD)
    taking.join(timeout=20.0)
    listening.close()
    return took, bytes(received)


def test_everything_comes_whole_and_later_and_as_soon_as_before_afterwards(cluster):
    carried(cluster)  # Who is where is asked for once.
    before, _ = carried(cluster)

    with delays.longer(cluster, "a", LONGER_MILLISECONDS):
        carried(cluster)
        took, received = carried(cluster)
    after, _ = carried(cluster)

    assert received == PAYLOAD
    assert took >= 2 * LONGER_MILLISECONDS / 1000
    assert max(before, after) < took / 2


def test_a_narrow_way_stays_narrow_and_what_crosses_it_is_counted(cluster):
    cluster.shape("10mbit")

    with delays.longer(cluster, "a", LONGER_MILLISECONDS):
        counted = cluster.interface_bytes()["a"].out_of_rack
        began = time.monotonic()
        _, received = carried(cluster)
        took = time.monotonic() - began
        crossed = cluster.interface_bytes()["a"].out_of_rack - counted

    assert received == PAYLOAD
    assert took > 0.15
    assert crossed > len(PAYLOAD)
