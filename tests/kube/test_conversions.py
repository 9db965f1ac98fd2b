import json

import pytest

from shorthaul.cluster.resources import CPU, MEMORY, PODS, Resources
from shorthaul.cluster.selectors import Requirement, Selector
from shorthaul.cluster.snapshots import AffinityTerm, HostPort, Toleration, Volume
from shorthaul.errors import BadInput
from shorthaul.kube import conversions
from shorthaul.kube.conversions import CONTROLLERS, Parts, snapshot_of
from shorthaul.units import Namespace, WorkloadRef

MI = 2**20


def pod(spec=None, status=None, **metadata):
    raw = {
        "metadata": {"name": "cart-1", "namespace": "shop", **metadata},
        "spec": {"nodeName": "n1", **(spec or {})},
        "status": {"phase": "Running", **(status or {})},
    }
    return conversions.PODS.decode(json.dumps(raw).encode())


def container(cpu=None, name="main", **more):
    resources = {"requests": {"cpu": cpu}} if cpu else {}
    return {"name": name, "resources": resources, **more}


def cpu_of(spec, **status):
    return pod(spec, status).requests.get(CPU)


def test_containers_add_up_with_the_pod_itself():
    spec = {
        "containers": [
            {"resources": {"requests": {"cpu": "100m", "memory": "16Mi", "example.com/fpga": 2}}},
            {"resources": {"requests": {"cpu": 0.2, "hugepages-2Mi": "4Mi"}}},
        ]
    }

    assert pod(spec).requests == Resources(
        {CPU: 300, MEMORY: 16 * MI, "example.com/fpga": 2, "hugepages-2Mi": 4 * MI, PODS: 1}
    )


def test_absurd_requests_stay_more_than_any_node_has_and_their_sums_fit_into_64_bits():
    absurd = [{"resources": {"requests": {"cpu": "9" * 40, "memory": "8Ei"}}}]

    found = pod({"containers": absurd}).requests

    for resource in (CPU, MEMORY):
        assert 2**50 < found.get(resource) < 2**63 // 1000


def test_the_largest_init_container_counts_when_it_is_more():
    main = [container("100m"), container("200m", "b")]

    assert cpu_of({"containers": main, "initContainers": [container("500m")]}) == 500
    assert cpu_of({"containers": main, "initContainers": [container("250m")]}) == 300
    two = [container("250m"), container("299m")]
    assert cpu_of({"containers": main, "initContainers": two}) == 300


def test_sidecars_stay_and_add_to_what_starts_after_them():
    sidecar = container("100m", "mesh", restartPolicy="Always")
    main = [container("200m")]

    assert cpu_of({"containers": main, "initContainers": [sidecar]}) == 300
    assert cpu_of({"containers": main, "initContainers": [sidecar, container("450m")]}) == 550
    assert cpu_of({"containers": main, "initContainers": [container("450m"), sidecar]}) == 450


def test_overhead_is_added():
    spec = {
        "containers": [container("100m")],
        "initContainers": [container("500m")],
        "overhead": {"cpu": "50m"},
    }

    assert cpu_of(spec) == 550


def test_pod_level_resources_replace_the_sum_for_what_they_name():
    spec = {
        "containers": [{"resources": {"requests": {"cpu": "100m", "memory": "16Mi", "x/y": 1}}}],
        "resources": {"requests": {"cpu": "1"}},
        "overhead": {"cpu": "50m"},
    }

    asked = pod(spec).requests

    assert (asked.get(CPU), asked.get(MEMORY), asked.get("x/y")) == (1050, 16 * MI, 1)


def test_a_limit_without_a_request_is_the_request():
    spec = {"containers": [{"resources": {"limits": {"cpu": "1"}, "requests": {"memory": 1}}}]}

    assert cpu_of(spec) == 1000


@pytest.mark.parametrize(
    ("asked", "granted", "running", "expected"),
    [("500m", "200m", "200m", 500), ("200m", "500m", "200m", 500), ("200m", "200m", "500m", 500)],
)
def test_a_resize_in_place_counts_as_the_larger(asked, granted, running, expected):
    status = {
        "name": "main",
        "allocatedResources": {"cpu": granted},
        "resources": {"requests": {"cpu": running}},
    }

    assert cpu_of({"containers": [container(asked)]}, containerStatuses=[status]) == expected


def test_a_resize_that_can_never_be_does_not_count():
    status = {"name": "main", "allocatedResources": {"cpu": "200m"}}
    impossible = [{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]

    spec = {"containers": [container("99")]}

    assert cpu_of(spec, containerStatuses=[status], conditions=impossible) == 200


def test_the_pod_level_amounts_of_a_status_count_only_with_pod_level_resources():
    spec = {"containers": [container("100m")]}

    assert cpu_of(spec, allocatedResources={"cpu": "2"}) == 100


def test_best_effort_is_what_asks_for_nothing():
    assert pod({"containers": [{}]}).best_effort
    assert not pod({"containers": [container("1m")]}).best_effort
    assert pod({"containers": [container("1m")]}, {"qosClass": "BestEffort"}).best_effort


def test_limits_are_counted_for_quotas():
    limited = {"resources": {"limits": {"cpu": "1"}}}
    sidecar = {"resources": {"limits": {"cpu": "2"}}, "restartPolicy": "Always"}
    spec = {"containers": [limited], "initContainers": [sidecar], "overhead": {"cpu": "1"}}

    assert pod(spec).limits == Resources({CPU: 4000})


def owned(kind, name, **more):
    return {"ownerReferences": [{"kind": kind, "name": name, "controller": True}], **more}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ("Pod", "cart-1")),
        (owned("Node", "n1"), ("Pod", "cart-1")),
        (owned("StatefulSet", "cart"), ("StatefulSet", "cart")),
        (owned("ReplicaSet", "cart-5d4f"), ("ReplicaSet", "cart-5d4f")),
        (
            owned("ReplicaSet", "cart-5d4f", labels={"pod-template-hash": "5d4f"}),
            ("Deployment", "cart"),
        ),
        (
            owned("ReplicaSet", "cart-5d4f", labels={"pod-template-hash": "zzzz"}),
            ("ReplicaSet", "cart-5d4f"),
        ),
        (
            owned("ReplicaSet", "cart-5d4f", labels={"rollouts-pod-template-hash": "5d4f"}),
            ("Rollout", "cart"),
        ),
        (
            {"ownerReferences": [{"kind": "ReplicaSet", "name": "x"}]},
            ("Pod", "cart-1"),
        ),
    ],
)
def test_a_pod_tells_its_workload_as_far_as_it_can(metadata, expected):
    assert pod(**metadata).workload == WorkloadRef(Namespace("shop"), *expected)


def controller(kind, name, *, spec=None, status=None, **metadata):
    raw = {
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "spec": spec or {},
        "status": status or {},
    }
    return CONTROLLERS[kind].decode(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("direct", "owner"),
    [("ReplicaSet", "Deployment"), ("ReplicaSet", "Rollout"), ("Job", "CronJob")],
)
def test_the_chain_of_owners_leads_to_the_topmost(direct, owner):
    ours = pod(**owned(direct, "cart-a"))
    between = controller(direct, "cart-a", spec={"replicas": 3}, **owned(owner, "cart"))

    snapshot = snapshot_of(Parts(pods=[ours], controllers=[between]))

    top = WorkloadRef(Namespace("shop"), owner, "cart")
    assert snapshot.pods[ours.ref].workload == top
    assert top in snapshot.workloads
    assert len(snapshot.workloads) == 1


def test_a_controller_that_only_its_parts_tell_of_has_their_replicas():
    parts = [
        controller("ReplicaSet", "cart-a", spec={"replicas": 3}, **owned("Rollout", "cart")),
        controller("ReplicaSet", "cart-b", spec={"replicas": 0}, **owned("Rollout", "cart")),
    ]
    ref = WorkloadRef(Namespace("shop"), "Rollout", "cart")

    calm = snapshot_of(Parts(controllers=parts)).workloads[ref]
    two = controller("ReplicaSet", "cart-c", spec={"replicas": 1}, **owned("Rollout", "cart"))
    busy = snapshot_of(Parts(controllers=[*parts, two])).workloads[ref]

    assert (calm.replicas, calm.rolling_out) == (3, False)
    assert (busy.replicas, busy.rolling_out) == (4, True)


def test_a_workload_that_only_its_pods_tell_of_has_as_many_replicas():
    pods = [pod(**owned("StatefulSet", "db"), name=f"db-{i}") for i in range(2)]

    snapshot = snapshot_of(Parts(pods=pods))

    assert [one.replicas for one in snapshot.workloads.values()] == [2]


CALM = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3}


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("Deployment", CALM, False),
        ("Deployment", {}, False),
        ("Deployment", {**CALM, "observedGeneration": 1}, True),
        ("Deployment", {**CALM, "updatedReplicas": 2}, True),
        ("Deployment", {**CALM, "replicas": 4}, True),
        ("Deployment", {**CALM, "replicas": 2, "updatedReplicas": 2}, True),
        ("StatefulSet", {**CALM, "currentRevision": "a", "updateRevision": "a"}, False),
        ("StatefulSet", {**CALM, "currentRevision": "a", "updateRevision": "b"}, True),
        ("StatefulSet", {**CALM, "replicas": 2}, True),
        ("ReplicaSet", CALM, False),
        ("ReplicaSet", {**CALM, "replicas": 1}, True),
    ],
)
def test_a_rollout_or_scaling_is_seen_in_the_status(kind, status, expected):
    seen = controller(kind, "cart", spec={"replicas": 3}, status=status, generation=2)

    assert seen.rolling_out is expected


@pytest.mark.parametrize(
    ("strategy", "updated", "expected"),
    [
        ({"type": "OnDelete"}, 0, True),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, 1, False),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, 0, True),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}, 3, True),
    ],
)
def test_a_stateful_set_between_two_revisions_is_changing_unless_it_is_held(
    strategy, updated, expected
):
    status = {**CALM, "updatedReplicas": updated, "currentRevision": "a", "updateRevision": "b"}
    spec = {"replicas": 3, "updateStrategy": strategy}

    assert controller("StatefulSet", "db", spec=spec, status=status).rolling_out is expected


def test_the_replicas_of_other_controllers():
    assert controller("Deployment", "a").replicas == 1
    assert controller("Job", "a", spec={"parallelism": 4}).replicas == 4
    assert controller("DaemonSet", "a", status={"desiredNumberScheduled": 7}).replicas == 7


def affinity(**term):
    term = {"topologyKey": "zone", **term}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    ours = pod({"affinity": {"podAntiAffinity": required}}, labels={"app": "a", "hash": "1"})
    return ours.anti_affinity[0]


def test_a_term_means_the_own_namespace_unless_it_says_otherwise():
    everything = {"labelSelector": {}}

    assert affinity(**everything) == AffinityTerm("zone", Selector(), ("shop",))
    assert affinity(**everything, namespaces=["x"]).namespaces == ("x",)
    wide = affinity(**everything, namespaceSelector={})
    assert (wide.namespaces, wide.namespace_selector) == ((), Selector())
    assert affinity().selector is None


def test_label_keys_are_merged_into_the_selector_once():
    merged = affinity(labelSelector={}, matchLabelKeys=["hash", "none"], mismatchLabelKeys=["app"])
    done = {"matchExpressions": [{"key": "hash", "operator": "In", "values": ["1"]}]}

    assert merged.selector.requirements == (
        Requirement("hash", "In", ("1",)),
        Requirement("app", "NotIn", ("a",)),
    )
    again = affinity(labelSelector=done, matchLabelKeys=["hash"])
    assert again.selector.requirements == (Requirement("hash", "In", ("1",)),)


def test_only_spread_constraints_that_forbid_are_kept():
    constraints = [
        {
            "topologyKey": "zone",
            "maxSkew": 2,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "a"}},
            "matchLabelKeys": ["hash"],
            "minDomains": 3,
            "nodeAffinityPolicy": "Ignore",
            "nodeTaintsPolicy": "Honor",
        },
        {"topologyKey": "host", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"},
    ]

    (kept,) = pod({"topologySpreadConstraints": constraints}, labels={"hash": "1"}).spread

    assert (kept.topology_key, kept.max_skew, kept.min_domains) == ("zone", 2, 3)
    assert (kept.honor_affinity, kept.honor_taints) == (False, True)
    assert kept.selector == Selector((("app", "a"),), (Requirement("hash", "In", ("1",)),))


def test_everything_else_that_a_pod_tells():
    ours = pod(
        {
            "containers": [{"ports": [{"hostPort": 80}, {"containerPort": 81}]}],
            "initContainers": [
                {"ports": [{"hostPort": 82}]},
                {"ports": [{"hostPort": 83, "hostIP": "10.0.0.1"}], "restartPolicy": "Always"},
            ],
            "tolerations": [{"key": "a"}, {"operator": "Exists"}],
            "volumes": [
                {"name": "a", "emptyDir": {}},
                {"name": "b", "emptyDir": {"medium": "Memory"}},
                {"name": "c", "hostPath": {"path": "/"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "e", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
                {"name": "f", "projected": {}},
            ],
            "resourceClaims": [{"name": "gpu"}],
            "schedulingGates": [{"name": "wait"}],
            "priority": 7,
            "activeDeadlineSeconds": 3,
        },
        {"podIP": "10.0.0.9", "podIPs": [{"ip": "10.0.0.9"}, {"ip": "fd::9"}]},
        creationTimestamp="2026-11-23T01:31:03Z",
        deletionTimestamp="2026-11-23T01:32:03Z",
        annotations={"karpenter.sh/do-not-disrupt": "true", "example.com/long": "x" * 1000},
    )

    assert ours.host_ports == (HostPort(80), HostPort(83, "TCP", "10.0.0.1"))
    assert ours.tolerations == (Toleration("a", "Equal"), Toleration("", "Exists"))
    assert ours.volumes == (
        Volume("a", "emptyDir"),
        Volume("b", "emptyDir", memory_backed=True),
        Volume("c", "hostPath"),
        Volume("d", "persistentVolumeClaim", "data"),
        Volume("e", "ephemeral", "cart-1-e"),
    )
    assert (ours.resource_claims, ours.gates, ours.priority) == (("gpu",), ("wait",), 7)
    assert ours.addresses == ("10.0.0.9", "fd::9")
    assert ours.created_seconds == 1795397463
    assert ours.terminating
    assert ours.has_deadline
    assert dict(ours.annotations) == {"karpenter.sh/do-not-disrupt": "true"}


@pytest.mark.parametrize(
    ("spec", "metadata"),
    [
        ({"workloadRef": {"name": "train", "podGroup": "g"}}, {}),
        ({"schedulingGroup": {"podGroupName": "g"}}, {}),
        ({}, {"labels": {"scheduling.x-k8s.io/pod-group": "g"}}),
        ({}, {"labels": {"kueue.x-k8s.io/pod-group-name": "g"}}),
        ({}, {"annotations": {"scheduling.k8s.io/group-name": "g"}}),
    ],
)
def test_every_way_of_belonging_to_a_gang_is_known(spec, metadata):
    assert "g" in pod(spec, **metadata).group
    assert pod().group == ""


@pytest.mark.parametrize(
    ("phase", "conditions", "ready"),
    [
        ("Running", [{"type": "Ready", "status": "True"}], True),
        ("Running", [{"type": "Ready", "status": "False"}], False),
        ("Running", [], True),
        ("Pending", [], False),
        ("", [], True),
    ],
)
def test_a_pod_is_ready_by_its_condition(phase, conditions, ready):
    assert pod({}, {"phase": phase, "conditions": conditions}).ready is ready


def node(**parts):
    raw = {"metadata": {"name": "n1"}, **parts}
    return conversions.NODES.decode(json.dumps(raw).encode())


def test_a_node_is_ready_and_pressed_by_its_conditions():
    def told(kind, status):
        return node(status={"conditions": [{"type": kind, "status": status}]})

    assert told("Ready", "True").ready
    assert not told("Ready", "Unknown").ready
    assert node().ready
    assert told("DiskPressure", "True").pressures == ("DiskPressure",)
    assert told("DiskPressure", "False").pressures == ()


def test_a_node_has_what_is_allocatable_and_its_drivers_limits():
    status = {"allocatable": {"cpu": "1930m", "pods": "8"}, "capacity": {"cpu": "2"}}
    drivers = {
        "metadata": {"name": "n1"},
        "spec": {"drivers": [{"name": "ebs", "allocatable": {"count": 25}}, {"name": "nfs"}]},
    }
    limits = conversions.ATTACH_LIMITS.decode(json.dumps(drivers).encode())

    ours = snapshot_of(Parts(nodes=[node(status=status)], attach_limits=[limits])).nodes["n1"]

    assert (ours.allocatable.get(CPU), ours.allocatable.get(PODS)) == (1930, 8)
    assert ours.attach_limits == {"ebs": 25}
    assert node(status={"capacity": {"cpu": "2"}}).allocatable.get(CPU) == 2000


def volume(**spec):
    raw = {"metadata": {"name": "pv", "labels": {"topology.kubernetes.io/zone": "z"}}, "spec": spec}
    return conversions.VOLUMES.decode(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("spec", "source", "driver"),
    [
        ({"csi": {"driver": "ebs.csi.aws.com"}}, "csi", "ebs.csi.aws.com"),
        ({"awsElasticBlockStore": {"volumeID": "x"}}, "csi", "ebs.csi.aws.com"),
        ({"local": {"path": "/d"}}, "local", ""),
        ({"hostPath": {"path": "/d"}}, "hostPath", ""),
        ({"nfs": {}}, "nfs", ""),
        ({}, "other", ""),
    ],
)
def test_a_volume_tells_where_it_lies(spec, source, driver):
    assert (volume(**spec).source, volume(**spec).driver) == (source, driver)
    assert volume(**spec).labels == {"topology.kubernetes.io/zone": "z"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"clusterIP": "10.2.0.1"}, ("10.2.0.1",)),
        ({"clusterIP": "10.2.0.1", "clusterIPs": ["10.2.0.1", "fd00::1"]}, ("10.2.0.1", "fd00::1")),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, ()),
        ({}, ()),
    ],
)
def test_a_service_has_its_cluster_addresses(spec, expected):
    raw = {"metadata": {"name": "x", "namespace": "shop"}, "spec": spec}

    service = conversions.SERVICES.decode(json.dumps(raw).encode())

    assert service.addresses == expected


def test_the_rest_of_the_kinds():
    def decode(reader, **raw):
        named = {"metadata": {"name": "x", "namespace": "shop", "generation": 2}, **raw}
        return reader.decode(json.dumps(named).encode())

    budget = decode(
        conversions.BUDGETS,
        spec={"minAvailable": "50%", "selector": {}, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
        status={"observedGeneration": 1, "disruptionsAllowed": 1},
    )
    service = decode(
        conversions.SERVICES, spec={"clusterIP": "None", "trafficDistribution": "PreferSameZone"}
    )
    quota = decode(
        conversions.QUOTAS,
        spec={
            "hard": {"requests.cpu": "1"},
            "scopeSelector": {
                "matchExpressions": [{"scopeName": "BestEffort", "operator": "Exists"}]
            },
        },
    )
    storage = decode(
        conversions.STORAGE_CLASSES,
        provisioner="ebs",
        volumeBindingMode="WaitForFirstConsumer",
        allowedTopologies=[{"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}],
    )
    endpoints = conversions.ENDPOINT_SLICES.decode(
        json.dumps(
            {
                "metadata": {
                    "name": "s",
                    "namespace": "shop",
                    "labels": {"kubernetes.io/service-name": "x"},
                },
                "endpoints": [
                    {
                        "addresses": ["10.0.0.1"],
                        "conditions": {"ready": False},
                        "nodeName": "n1",
                        "targetRef": {"kind": "Pod", "name": "p", "namespace": "shop"},
                        "hints": {"forZones": [{"name": "z"}], "forNodes": [{"name": "n1"}]},
                    }
                ],
            }
        ).encode()
    )

    assert (budget.min_available, budget.stale, budget.always_allow_unhealthy) == (
        "50%",
        True,
        True,
    )
    assert (service.headless, service.distribution) == (True, "PreferSameZone")
    assert (service.internal_policy, service.selector) == ("Cluster", None)
    assert quota.hard == {"requests.cpu": 1000}
    assert quota.scope_requirements == (Requirement("BestEffort", "Exists"),)
    assert storage.wait_for_consumer
    assert storage.node_terms[0].matches({"zone": "a"}, "n1")
    assert endpoints[0].ready is False
    assert (endpoints[0].zone_hints, endpoints[0].node_hints) == (("z",), ("n1",))
    assert str(endpoints[0].pod) == "shop/p"


def test_a_wrong_field_is_told_with_its_object():
    with pytest.raises(BadInput) as wrong_type:
        pod({"hostNetwork": "yes"})
    with pytest.raises(BadInput) as wrong_amount:
        pod({"containers": [container("much")]})

    assert str(wrong_type.value) == "Pod shop/cart-1 spec.hostNetwork: expected bool, got str"
    assert "Pod shop/cart-1 container main resources.requests.cpu: 'much'" in str(
        wrong_amount.value
    )


def test_what_pods_of_one_template_have_in_common_is_one_object():
    spec = {"containers": [container("100m")], "tolerations": [{"key": "a"}]}

    one, other = pod(spec, labels={"app": "a"}), pod(spec, name="cart-2", labels={"app": "a"})

    assert one.labels is other.labels
    assert one.requests is other.requests
    assert one.tolerations is other.tolerations


def test_a_node_has_its_pods_ranges():
    assert node(spec={"podCIDRs": ["10.244.6.0/24"]}).pod_ranges == ("10.244.6.0/24",)
    assert node(spec={"podCIDRs": None}).pod_ranges == ()
