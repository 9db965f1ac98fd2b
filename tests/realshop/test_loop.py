"""The closed loop on real nodes: Shorthaul moves real pods, and what is measured outside falls.

Long, and not part of `make test`: `pytest -m realcluster tests/realshop/test_loop.py`.
"""

import os

import pytest

from realnodes import clusters, leftovers
from realshop import loops, scenarios, shops, tables

pytestmark = pytest.mark.realcluster
TIMES = loops.Times(measured=40.0, quiet=60.0)


@pytest.fixture(scope="module")
def found(real_nodes, image_parts):
    name = f"l{os.getpid()}"
    with clusters.up(nodes=6, racks=2, name=name) as cluster:
        setting = loops.Setting(cluster, shops.drawn(1), "10mbit", TIMES)
        yield loops.run(setting, scenarios.named(scenarios.LOOP))
    assert leftovers.remains(name) == []


def test_bytes_between_racks_fall_to_less_than_a_third(found):
    share = found.after.cross_bytes_per_second / found.before.cross_bytes_per_second

    assert found.least_proven
    assert share <= 0.3, tables.one(found)


def test_calls_that_took_longest_take_a_fifth(found):
    assert found.after.p99_seconds * 5 <= found.before.p99_seconds, tables.one(found)


def test_moves_cost_no_more_calls_than_a_rolling_restart_of_the_same_pods(found):
    moved, restarted = found.moving, found.restart

    assert moved.evictions > 0
    assert moved.failed <= restarted.failed * max(1, moved.evictions / restarted.pods)


def test_no_budget_is_broken_and_nothing_moves_afterwards(found):
    assert found.moving.breaches == 0
    assert found.moving.later_evictions == 0


def test_the_links_agree_with_what_was_promised(found):
    left = tables.predicted_share(found)
    real = found.after.cross_bytes_per_second / found.before.cross_bytes_per_second

    assert left is not None
    assert (1 - real) / (1 - left) == pytest.approx(1, abs=0.15), tables.one(found)
