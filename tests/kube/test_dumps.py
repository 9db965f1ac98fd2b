import gzip
import json

import pytest

from shorthaul.errors import BadInput
from shorthaul.kube.dumps import read_dump
from shorthaul.units import Namespace, WorkloadRef
from worlds.builders import reference

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1", "uid": "u-n1", "labels": {"topology.kubernetes.io/zone": "z1"}},
    "status": {"allocatable": {"cpu": "3920m", "memory": "8Gi", "pods": "110"}},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "cart-5d4f-x",
        "namespace": "shop",
        "uid": "u-1",
        "labels": {"app": "cart", "pod-template-hash": "5d4f"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "cart-5d4f", "controller": True}],
    },
    "spec": {
        "nodeName": "n1",
        "containers": [{"name": "c", "resources": {"requests": {"cpu": "100m"}}}],
    },
    "status": {"phase": "Running"},
}


def listed(*items, kind="List", api="v1"):
    return {"apiVersion": api, "kind": kind, "items": list(items)}


def write(folder, text, name="cluster.json"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def read(folder, *objects):
    return read_dump([write(folder, json.dumps(listed(*objects)))])


def renamed(thing, name, **more):
    return {**thing, "metadata": {**thing["metadata"], "name": name, **more}}


def test_a_list_as_kubectl_prints_it(tmp_path):
    snapshot = read(tmp_path, NODE, POD)

    assert list(snapshot.nodes) == ["n1"]
    assert snapshot.pods[reference("cart-5d4f-x")].node == "n1"


YAML = """
# a comment
apiVersion: v1
kind: Node
metadata: {name: n1, creationTimestamp: 2026-11-23T01:30:45Z}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a, namespace: shop}
  spec: {nodeName: n1, containers: [{name: c, resources: {requests: {cpu: 1}}}]}
---
"""
TWO_POD = json.dumps(POD)
WAYS = {
    "one after the other": json.dumps(NODE, indent=2) + "\n" + json.dumps(POD, indent=2),
    "without anything between": json.dumps(NODE) + json.dumps(POD),
    "json lines": json.dumps(NODE) + "\n" + json.dumps(POD) + "\n\n",
    "an array": json.dumps([NODE, POD]),
    "lists in a list": json.dumps(listed(listed(NODE), listed(POD))),
    "lists of one kind, whose items do not say it": "".join(
        json.dumps(
            listed({k: v for k, v in one.items() if k not in ("kind", "apiVersion")}, kind=kind)
        )
        for one, kind in ((NODE, "NodeList"), (POD, "PodList"))
    ),
    "a byte order mark": "\ufeff" + json.dumps(listed(NODE, POD)),
    "yaml": YAML,
}


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("packed", [False, True])
def test_every_way_of_writing_objects_is_told_by_its_content(tmp_path, way, packed):
    text = WAYS[way].encode()
    path = write(tmp_path, gzip.compress(text) if packed else text, "whatever.bin")

    snapshot = read_dump([path])

    assert len(snapshot.nodes) == 1
    assert len(snapshot.pods) == 1


def test_several_files_and_folders_are_one_cluster(tmp_path):
    inner = tmp_path / "all" / "deep"
    inner.mkdir(parents=True)
    write(inner, json.dumps(POD), "pods.json")
    write(inner, "notes", "README.md")
    write(inner, "\x00", ".DS_Store")
    nodes = write(tmp_path, json.dumps(NODE), "nodes.json")

    snapshot = read_dump([str(tmp_path / "all"), nodes])

    assert (len(snapshot.nodes), len(snapshot.pods)) == (1, 1)


def test_unknown_kinds_are_counted_and_absent_ones_told(tmp_path):
    knative = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "x"}}
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": str(i)}} for i in range(2)
    ]

    snapshot = read(tmp_path, NODE, POD, knative, *maps)

    assert snapshot.ignored_kinds == {"ConfigMap": 2, "Service": 1}
    assert snapshot.absent_kinds == {
        "EndpointSlice",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ResourceQuota",
        "Service",
    }


def test_a_kind_is_missed_only_when_it_would_bind_a_pod(tmp_path):
    bound = {
        **POD,
        "spec": {
            **POD["spec"],
            "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "d"}}],
        },
    }

    assert {"PersistentVolumeClaim", "CSINode"} <= read(tmp_path, NODE, bound).absent_kinds


def test_a_pod_without_its_replica_set_belongs_to_the_deployment_that_its_hash_tells(tmp_path):
    pod = read(tmp_path, NODE, POD).pods[reference("cart-5d4f-x")]

    assert pod.workload == WorkloadRef(Namespace("shop"), "Deployment", "cart")


def test_the_same_object_twice_is_taken_as_the_later_says(tmp_path):
    later = {**POD, "spec": {**POD["spec"], "nodeName": "n2"}}

    snapshot = read(tmp_path, NODE, renamed(NODE, "n2", uid="u-n2"), POD, later)

    assert snapshot.pods[reference("cart-5d4f-x")].node == "n2"


def test_two_clusters_are_told_by_their_nodes(tmp_path):
    one = write(tmp_path, json.dumps(NODE), "one.json")
    two = write(tmp_path, json.dumps(renamed(NODE, "n1", uid="u-other")), "two.json")

    with pytest.raises(BadInput) as refused:
        read_dump([one, two])

    assert str(refused.value) == (
        f"{two} line 1: Node n1 has uid u-other, but u-n1 in {one}; "
        "these are two clusters, give one"
    )


DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cart", "namespace": "shop"},
    "spec": {"replicas": "three"},
}
BROKEN = {
    "empty": (b"", ": empty; give Kubernetes objects"),
    "blank": (b" \n\n", ": empty; give Kubernetes objects"),
    "binary": (b"\x7fELF\x00\x01", ": binary, not text"),
    "utf-16": ("\ufeff{}".encode("utf-16-le"), ": UTF-16 text; save it as UTF-8"),
    "truncated": (
        (json.dumps(NODE) + "\n" + json.dumps(listed(POD), indent=1)[:-9]).encode(),
        "line 40: json ends too early: the file is cut off",
    ),
    "malformed": (
        b'{"kind": "List",\n "items": [}',
        " line 2: json is malformed: invalid character",
    ),
    "wrong type": (
        json.dumps(listed(NODE, DEPLOYMENT), indent=1).encode(),
        " line 23: Deployment shop/cart spec.replicas: expected int, got str",
    ),
    "wrong quantity": (
        json.dumps({**NODE, "status": {"allocatable": {"cpu": "four"}}}).encode(),
        " line 1: Node n1 status.allocatable.cpu: 'four' is no quantity of cpu",
    ),
    "wrong name": (
        b'{"kind": "Pod", "metadata": {"name": 7}}',
        " line 1: expected str, got int at metadata.name",
    ),
    "no name": (json.dumps({"kind": "Pod"}).encode(), " line 1: Pod without metadata.name"),
    "not kubernetes": (b'{"flow": {}}', " line 1: an object without a kind is none of Kubernetes"),
    "no nodes": (
        json.dumps(POD).encode(),
        "; give what `kubectl get nodes,pods -A -o json` prints",
    ),
    "wrong yaml": (b"kind: Pod\n  metadata: [", " line 2: neither json nor yaml: mapping values"),
    "prose": (b"hello\nworld\n", " line 1: str where a Kubernetes object should be"),
    "latin-1": (b"kind: P\xf6d\n", ": neither json nor yaml: not readable as text"),
    "latin-1 in json": (
        b'{"kind": "Node", "metadata": {"name": "n\xf6"}}',
        " line 1: text that is not UTF-8",
    ),
    "latin-1 in a field": (
        b'{"kind": "Node",\n "metadata": {"name": "n", "labels": {"a": "\xf6"}}}',
        " line 1: Node: text that is not UTF-8",
    ),
    "yaml of a wrong type": (
        b"---\nkind: Deployment\nmetadata: {name: cart}\nspec: {replicas: many}\n",
        " line 2: Deployment cart spec.replicas: expected int, got str",
    ),
    "cut gzip": (gzip.compress(json.dumps(NODE).encode())[:-12], ": cannot be read: "),
    "spoilt gzip": (b"\x1f\x8b\x08\x00garbage garbage garbage", ": cannot be read: "),
    "deep": (b'{"kind":"Pod","x":' + b"[" * 100_000, ": nested too deeply"),
    "deep yaml": (b"kind: Pod\nx: " + b"[" * 5_000, ": "),
    "wrong items": (
        b'{"kind": "PodList", "items": {}}',
        " line 1: expected array, got object at items",
    ),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_what_cannot_be_used_is_told_in_one_line(tmp_path, case):
    content, message = BROKEN[case]
    path = write(tmp_path, content)

    with pytest.raises(BadInput) as refused:
        read_dump([path])

    assert "\n" not in str(refused.value)
    assert path in str(refused.value)
    assert message in str(refused.value)


def test_what_is_not_there_is_told_in_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"none\.json: cannot be read: no such file or directory"):
        read_dump([str(tmp_path / "none.json")])
    (tmp_path / "void").mkdir()
    with pytest.raises(BadInput, match="void: no files in this folder"):
        read_dump([str(tmp_path / "void")])


def test_nulls_where_lists_and_maps_may_be_are_nothing(tmp_path):
    slices = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "s", "namespace": "shop", "labels": None, "creationTimestamp": None},
        "endpoints": None,
        "ports": None,
    }

    assert read(tmp_path, NODE, slices).endpoints == ()


@pytest.mark.recordings
def test_the_recorded_cluster_is_read_without_an_undeserved_warning(recordings):
    path = recordings / "cilium-1.20" / "cluster.json.gz"
    if not path.exists():
        pytest.skip("no recording of a cluster in ../shared/data on this machine")

    snapshot = read_dump([str(path)])

    assert (len(snapshot.nodes), len(snapshot.pods), len(snapshot.workloads)) == (6, 24, 13)
    assert {pod.workload.kind for pod in snapshot.pods.values()} == {"Deployment"}
    assert not any(one.rolling_out for one in snapshot.workloads.values())
    assert snapshot.ignored_kinds == {}
    assert snapshot.absent_kinds == {"PodDisruptionBudget", "ResourceQuota"}
