"""Where a cluster's parts are: unique addresses, racks of like size, clear refusals."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realnodes import layouts, leftovers


def layout(**changes) -> layouts.Layout:
    fields = {"name": "one", "state": Path("/state"), "node_count": 3, "rack_count": 2}
    return layouts.Layout(**fields | {"cni": "ptp", "kubernetes": "1.36.3"} | changes)


shapes = st.integers(1, layouts.MOST_NODES).flatmap(
    lambda nodes: st.tuples(st.just(nodes), st.integers(1, nodes))
)


@given(shapes)
def test_no_two_nodes_share_an_address_and_racks_differ_by_at_most_one_node(shape):
    nodes, racks = shape
    found = layout(node_count=nodes, rack_count=racks)

    addresses = [node.address for node in found.nodes]
    addresses += [node.management_address for node in found.nodes]
    sizes = [sum(node.rack == rack for node in found.nodes) for rack in found.racks]
    assert len({*addresses, found.api_address}) == 2 * nodes + 1
    assert len({node.pod_network for node in found.nodes}) == nodes
    assert sum(sizes) == nodes
    assert max(sizes) - min(sizes) <= 1


@given(shapes)
def test_nodes_of_a_rack_are_in_one_zone_as_the_default_topology_asks(shape):
    nodes, racks = shape
    found = [node.labels for node in layout(node_count=nodes, rack_count=racks).nodes]

    pairs = {
        (one["topology.shorthaul.dev/rack"], one["topology.kubernetes.io/zone"]) for one in found
    }
    assert len(pairs) == racks


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "Two-3"}, "--name Two-3: at most 12"),
        ({"node_count": 0}, "--nodes 0: from 1 to 12"),
        ({"node_count": 13}, "--nodes 13: from 1 to 12"),
        ({"rack_count": 0}, "--racks 0: from 1 to the number of nodes, 3"),
        ({"rack_count": 4}, "--racks 4: from 1 to the number of nodes, 3"),
        ({"cni": "flannel"}, "--cni flannel: one of ptp, cilium"),
    ],
)
def test_what_cannot_be_built_is_refused_with_value_and_limit(changes, told):
    with pytest.raises(ValueError, match=told):
        layout(**changes)


def test_a_layout_is_read_back_as_it_was_written(tmp_path):
    written = layout(state=tmp_path)
    layouts.write(written)

    assert layouts.read(tmp_path) == written
    assert layouts.read(tmp_path / "elsewhere") is None


def test_names_of_interfaces_fit_the_kernel():
    from realnodes import fabrics

    lines = list(fabrics.fabric_lines(layout(node_count=12, rack_count=12)))

    names = [line.split()[2] for line in lines if line.startswith("link add")]
    assert len(names) == len(set(names)) == 2 + 12 + 12 + 24
    assert all(len(name) <= 15 for name in names)


def test_logs_that_are_kept_are_those_of_components_and_of_pods(tmp_path):
    found = layout(state=tmp_path / "one")
    component = found.state / "log" / "kubelet-n1.log"
    pod = found.state / "n2/layers/var/log/pods/shop_web-1_uid/web/0.log"
    for file in (component, pod):
        file.parent.mkdir(parents=True)
        file.write_text(f"of {file.name}")

    kept = leftovers.keep_logs(found)
    again = leftovers.keep_logs(found)

    assert kept == again == tmp_path / "one.logs"
    assert (kept / "kubelet-n1.log").read_text() == "of kubelet-n1.log"
    assert (kept / "pods/n2/shop_web-1_uid/web/0.log").read_text() == "of 0.log"
