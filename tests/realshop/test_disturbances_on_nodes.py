"""Each disturbance on real nodes comes as it is expected to.

Very long, and not part of `make test`:
`pytest -m realcluster tests/realshop/test_disturbances_on_nodes.py`. Those that need Hubble run
with SHORTHAUL_DISTURB_CNI=cilium, and skip otherwise with that reason.
"""

import os

import pytest

from realnodes import clusters, leftovers
from realshop import shops
from realshop.disturbances import findings, stages, tables

pytestmark = pytest.mark.realcluster
CNI = os.environ.get("SHORTHAUL_DISTURB_CNI", "ptp")


@pytest.fixture(scope="module")
def stage(real_nodes, image_parts):
    """One cluster with the shop and Shorthaul, for all of them in their order."""
    name = f"d{os.getpid()}"
    with (
        clusters.up(nodes=6, racks=2, cni=CNI, name=name) as cluster,
        stages.opened(cluster, shops.drawn(1), "10mbit", stages.Times()) as found,
    ):
        yield found
    assert leftovers.remains(name) == []


@pytest.mark.parametrize("one", tables.ALL, ids=lambda one: one.name)
def test_it_comes_as_expected(stage, one):
    found = tables.disturb(stage, one)

    if found.skipped:
        pytest.skip(found.skipped)
    assert found.held, findings.line(found)
