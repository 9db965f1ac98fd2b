"""Whose pod it was: what the directory, Hubble and the naming rules of Kubernetes allow to say."""

import pytest

from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.owners import Owners
from shorthaul.units import NodeName, PodRef, WorkloadRef

WEB = WorkloadRef("shop", "Deployment", "web")
DB = WorkloadRef("shop", "StatefulSet", "db")
AGENT = WorkloadRef("shop", "DaemonSet", "agent")


def directory(*workloads, replica_sets=None):
    return Directory(
        pods={PodRef("shop", "odd-name"): PodIdentity(WEB, NodeName("n1"))},
        replica_sets={PodRef("shop", name): ref for name, ref in (replica_sets or {}).items()},
        workloads=frozenset(workloads),
    )


def owner(name, known, hubble=None):
    pod = PodRef("shop", name)
    return Owners(known, {pod: hubble} if hubble else {}).of(pod)


def test_a_pod_that_exists_belongs_to_whom_the_cluster_says():
    assert owner("odd-name", directory(WEB, DB), hubble=DB) == WEB


def test_a_pod_that_is_gone_belongs_to_whom_hubble_said_if_that_exists():
    assert owner("gone", directory(DB), hubble=DB) == DB
    assert owner("gone", directory(WEB), hubble=DB) is None


def test_a_replica_set_named_by_hubble_stands_for_its_owner():
    named = WorkloadRef("shop", "ReplicaSet", "web-7f9c")

    assert owner("gone", directory(WEB, replica_sets={"web-7f9c": WEB}), hubble=named) == WEB


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-6f8b96bc58-cq6m9", WEB),
        ("db-0", DB),
        ("db-17", DB),
        ("agent-x7k2p", AGENT),
        ("db-01", None),
        ("db-x", None),
        ("other-6f8b96bc58-cq6m9", None),
        ("web-6f8b96bc58", None),
        ("web-6f8b96bc58-aeiou", None),
        ("web", None),
    ],
)
def test_a_name_tells_the_owner_of_a_pod_that_is_gone_if_one_such_exists(name, expected):
    assert owner(name, directory(WEB, DB, AGENT)) == expected


def test_a_replica_set_that_is_still_there_tells_the_owner():
    known = directory(WEB, replica_sets={"oddly-named": WEB})

    assert owner("oddly-named-x7k2p", known) == WEB


def test_a_name_that_fits_two_workloads_tells_nothing():
    known = directory(
        WorkloadRef("shop", "Deployment", "web"), WorkloadRef("shop", "DaemonSet", "web-4567")
    )

    assert owner("web-4567-x7k2p", known) is None


def test_a_workload_of_another_namespace_is_not_meant():
    assert owner("web-6f8b96bc58-cq6m9", directory(WorkloadRef("pay", "Deployment", "web"))) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-6f8b96bc58-cq6m9", WEB),
        ("web-v1-6b746f74dc-9rcxx", WorkloadRef("shop", "Deployment", "web-v1")),
        ("db-0", WorkloadRef("shop", "Pod", "db-0")),
        ("agent-x7k2p", WorkloadRef("shop", "Pod", "agent-x7k2p")),
        ("web-backend-x7k2p", WorkloadRef("shop", "Pod", "web-backend-x7k2p")),
    ],
)
def test_without_a_cluster_only_unmistakable_names_are_cut(name, expected):
    assert owner(name, None) == expected


def test_without_a_cluster_hubble_is_believed():
    assert owner("db-0", None, hubble=DB) == DB
