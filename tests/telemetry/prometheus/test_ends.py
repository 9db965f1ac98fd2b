"""Labels name a workload, a pod, or nobody with a reason; never somebody else."""

import pytest

from shorthaul.telemetry.prometheus.ends import Names, Nobody
from shorthaul.telemetry.prometheus.profiles import End
from shorthaul.traffic.identities import Directory
from shorthaul.units import Namespace, PodRef, WorkloadRef
from telemetry.prometheus.metric_shapes import DB_POD, DIRECTORY, WEB

KNOWN = Names(DIRECTORY, ("unknown",))
UNKNOWN = Names(None, ())
WORKLOAD = End(namespace="ns", name="name", kind="kind")


def labels(namespace="shop", name="web", kind="Deployment"):
    return {"ns": namespace, "name": name, "kind": kind}


def test_a_workload_by_its_labels():
    assert UNKNOWN.of(WORKLOAD, labels(kind="deployment")) == WEB


def test_a_kind_that_no_label_tells_is_looked_up():
    assert KNOWN.of(WORKLOAD, labels(kind="")) == WEB


def test_a_name_that_two_workloads_have_names_nobody():
    twin = WorkloadRef(Namespace("shop"), "StatefulSet", "web")
    names = Names(Directory(pods={}, workloads=frozenset((WEB, twin))), ())

    assert names.of(WORKLOAD, labels(kind="")) == Nobody(
        "the cluster has several workloads of that name in the namespace"
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (labels(namespace=""), "no namespace in ns"),
        (labels(namespace="unknown"), "no namespace in ns"),
        (labels(name=""), "no workload in name"),
        (labels(name="we\nb"), "no workload in name"),
        (labels(name="  "), "no workload in name"),
        ({}, "no namespace in ns"),
        (labels(kind="Node"), "the workload is a Node"),
        (labels(kind="Service"), "the workload is a Service"),
        (
            labels(name="other", kind=""),
            "the cluster has no workload of that name in the namespace",
        ),
    ],
)
def test_who_names_nobody(given, reason):
    assert KNOWN.of(WORKLOAD, given) == Nobody(reason)


@pytest.mark.parametrize(
    "path", ["", "/system.slice/kubelet.service", "/k8s/shop/web", "/k8s/shop//c", "k8s/a/b/c/d"]
)
def test_containers_that_are_of_no_pod(path):
    assert isinstance(KNOWN.of(End(container="id"), {"id": path}), Nobody)


def test_the_pod_of_a_container():
    found = KNOWN.of(End(container="id"), {"id": "/k8s/shop/web-1/nginx"})

    assert found == PodRef(Namespace("shop"), "web-1")


@pytest.mark.parametrize("address", ["10.0.0.2:5432", "10.0.0.2"])
def test_the_pod_of_an_address(address):
    assert KNOWN.of(End(address="to"), {"to": address}) == DB_POD


@pytest.mark.parametrize("address", ["10.0.0.9:80", "", "unknown", "db:80"])
def test_addresses_of_nobody(address):
    assert isinstance(KNOWN.of(End(address="to"), {"to": address}), Nobody)
