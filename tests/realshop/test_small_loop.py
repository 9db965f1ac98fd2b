"""The closed loop on real nodes in small: `make smallloop`, about 5 minutes once all is built.

Real kubelets, containers and TCP over narrow links; the agents' bytes reach the operator's pod,
which moves the shop's pods. What is held is what the links' counters and the pods' own program
tell, with room for a busy machine: the whole loop, with latencies, is `test_loop`.
"""

import os
import shutil

import pytest

from realnodes import clusters, leftovers
from realshop import loops, scenarios, shops, tables
from testbed import progress

NO_LOOP = os.environ.get("SHORTHAUL_NO_LOOP", "")
pytestmark = [pytest.mark.realcluster, pytest.mark.skipif(bool(NO_LOOP), reason=NO_LOOP)]
TIMES = loops.Times(warm=8.0, measured=20.0, quiet=20.0, verified=60.0, settle=5.0)
SHARE = 0.35


@pytest.fixture(scope="module")
def found(request, real_nodes_or_packages, image_parts):
    name, failed = f"s{os.getpid()}", request.session.testsfailed
    with clusters.up(nodes=4, racks=2, name=name, install=True) as cluster:
        shop = shops.drawn(1, services=6, bytes_per_second=1_000_000)
        setting = loops.Setting(cluster, shop, "10mbit", TIMES, restart=False)
        try:
            outcome = loops.run(setting, scenarios.named(scenarios.LOOP))
        finally:
            logs = leftovers.keep_logs(cluster.layout)
            progress.say(f"logs, while a test fails: {logs}")
    yield outcome
    assert leftovers.remains(name) == []
    if request.session.testsfailed == failed:
        shutil.rmtree(logs)


def test_little_crosses_the_links_afterwards(found):
    before, after = found.before.cross_bytes_per_second, found.after.cross_bytes_per_second

    assert after <= SHARE * before, tables.one(found)


def test_every_move_landed_where_it_was_planned(found):
    moving = found.moving

    assert moving.evictions > 0
    assert (moving.landed, moving.astray) == (moving.evictions, 0), tables.one(found)


def test_no_budget_was_broken_and_hardly_a_call_failed(found):
    moving = found.moving

    assert moving.breaches == 0
    assert moving.failed <= moving.evictions, tables.one(found)
