"""A plan made by the command line from a shop's files says which Services to reroute."""

import json
import subprocess
import sys

import pytest

from realshop import advices, leasts, shops, standing


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    shop = shops.drawn(3, services=8, stores=2)
    items = list(standing.objects(shop))
    (folder / "cluster.json").write_text(json.dumps({"kind": "List", "items": items}))
    leasts.write_edges(shop, folder / "edges.csv")
    inputs = ["--cluster", folder / "cluster.json", "--flows", folder / "edges.csv"]
    command = [sys.executable, "-m", "shorthaul", "plan", *inputs]
    command += ["--recommend-routing", "-o", "json", "--bound", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_services_with_replicas_in_both_racks_are_to_be_near_first(plan):
    found = advices.advised(plan)

    assert found
    assert {one.namespace for one in found} == {shops.NAMESPACE}
    assert {one.wanted for one in found} <= {"PreferSameZone", "PreferSameNode"}


def test_a_plan_that_recommends_nothing_changes_nothing():
    assert advices.advised({"spec": {"moves": []}}) == []
