"""Install, upgrade, uninstall, with the real helm on a real API server of its own.

The operator does not run: nothing of it may be needed to get rid of what it leaves.
"""

import subprocess

import pytest

from chart import releases
from testbed import binaries, connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

API_VERSION = "shorthaul.dev/v1alpha1"
NAMESPACED = ("affinitypolicies", "podmoves", "placementhints")
CLUSTER = ("flowsources", "topologies", "placementplans")
ADMISSION = "admissionregistration.k8s.io"
POLICY = {"workloads": {}, "objective": "flows", "mode": "Auto"}
SHARES = {"host": 1, "rack": 0, "zone": 0, "region": 0, "beyond": 0}
UNIT = "flows/s·distance"
HINT = {"workloads": {"StatefulSet.database": {"plan": "p", "terms": []}}}
HINT["workloads"]["StatefulSet.database"]["terms"] = [
    {"weight": 100, "key": "kubernetes.io/hostname", "values": ["n1"]}
]
MOVE = {
    "plan": "plan-1",
    "digest": "sha256:" + "a" * 64,
    "policy": "near",
    "pod": {"name": "cart-1", "uid": "1"},
    "workload": {"kind": "Deployment", "name": "cart"},
    "from": "n1",
    "to": "n2",
    "wave": 0,
    "gain": {"value": 1, "unit": UNIT},
}
PLAN = {
    "objective": {"name": "flows", "unit": UNIT, "before": 2, "after": 1, "lowerBound": 0},
    "locality": {"before": SHARES, "after": SHARES},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "asked",
        "namespace": "opened",
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "name": "database",
                "uid": "1",
                "controller": True,
            }
        ],
    },
    "spec": {"containers": [{"name": "c", "image": "x"}]},
}


@pytest.fixture(scope="module")
def empty(control_plane_programs, tmp_path_factory):
    """A control plane that nothing else uses."""
    yield from releases.start(tmp_path_factory.mktemp("helm"))


@pytest.fixture
def fresh(empty):
    """The chart, newly installed, and one object of each kind; all of it goes afterwards."""
    releases.install(empty)
    _fill(empty)
    yield empty
    _clear(empty)


def _clear(release):
    client = release.administrator
    where = ("--namespace", releases.NAMESPACE, "--ignore-not-found")
    release.helm.done("uninstall", releases.RELEASE, *where)
    for kind in _uids_of_kinds(release):
        client.delete("customresourcedefinitions.apiextensions.k8s.io", kind)
    client.wait_for(lambda: not _uids_of_kinds(release), what="the kinds to be gone")
    gone = (releases.PROBES, "opened") if _is_ending(client, "opened") else (releases.PROBES,)
    for name in gone:
        client.wait_for(lambda name=name: not client.exists("namespaces", name), what=name)
    if not client.exists("namespaces", "opened"):
        releases.make_namespace(client, "opened")


def _is_ending(client, name):
    return (
        client.exists("namespaces", name)
        and "deletionTimestamp" in (client.get("namespaces", name)["metadata"])
    )


def _object(kind, name, spec, namespace=None):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _fill(release):
    administrator, operator = release.administrator, release.operator
    administrator.create(_object("AffinityPolicy", "near", POLICY, "opened"))
    source = {"type": "HubbleExport", "hubbleExport": {"path": "/var/run/events.log"}}
    administrator.create(_object("FlowSource", "hubble", source))
    administrator.create(_object("Topology", "default", {}))
    operator.create(_object("PlacementPlan", "plan-1", PLAN))
    operator.create(_object("PodMove", "move-1", MOVE, "opened"))
    operator.create(_object("PlacementHint", "active", HINT, "opened"))
    begun = {"status": {"phase": "Evicted", "epoch": 7, "attempts": 1}}
    operator.patch("podmoves.shorthaul.dev", "move-1", begun, "opened", subresource="status")
    administrator.wait_for(lambda: _is_hinted(release), what="the hint to show on a pod")


def _is_hinted(release):
    return "affinity" in release.administrator.create(POD, dry_run=True)["spec"]


def _ours(release):
    """All objects of our kinds, without what the API server keeps for itself."""
    found = {}
    for plural in (*NAMESPACED, *CLUSTER):
        for each in release.administrator.list(f"{plural}.shorthaul.dev"):
            each["metadata"].pop("managedFields", None)
            found[plural, each["metadata"]["name"]] = each
    return found


def _uninstall(release):
    release.helm.done("uninstall", releases.RELEASE, "--namespace", releases.NAMESPACE)


def test_an_upgrade_keeps_policies_hints_and_moves_that_are_under_way(fresh):
    before = _ours(fresh)
    uids = _uids_of_kinds(fresh)

    where = ("--namespace", releases.NAMESPACE, "--reuse-values")
    more = ("--set", "settings.persistenceWindows=7,namespaces={opened,closed}")
    fresh.helm.done("upgrade", releases.RELEASE, str(releases.CHART), *where, *more)

    assert len(before) == 6
    assert _ours(fresh) == before
    assert _uids_of_kinds(fresh) == uids
    assert _is_hinted(fresh)
    assert fresh.administrator.exists(
        "rolebindings.rbac.authorization.k8s.io", "shorthaul-evictor", "closed"
    )


def _uids_of_kinds(release):
    kinds = release.administrator.list("customresourcedefinitions.apiextensions.k8s.io")
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in kinds}


def test_an_upgrade_that_takes_a_namespace_away_takes_the_right_away(fresh):
    where = ("--namespace", releases.NAMESPACE, "--reuse-values")
    assert _may_evict(fresh)
    fresh.helm.done(
        "upgrade", releases.RELEASE, str(releases.CHART), *where, "--set-json", "namespaces=[]"
    )

    fresh.administrator.wait_for(lambda: not _may_evict(fresh), what="the right to go")


def _may_evict(release):
    attributes = {"resource": "pods", "subresource": "eviction", "verb": "create"}
    review = release.operator.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": {**attributes, "namespace": "opened"}},
        }
    )
    return review["status"]["allowed"]


def test_an_upgrade_that_takes_a_port_of_the_collector_away_keeps_the_others(fresh):
    _upgrade(fresh, "collector.enabled=true,collector.replicas=0,collector.allow={10.0.0.0/8}")
    before = _ports(fresh)

    _upgrade(fresh, "collector.udpPorts={2055}")

    taken = {("UDP", 4739)}
    assert [taken < ports for ports in before] == [True, True]
    assert _ports(fresh) == [ports - taken for ports in before]


def _upgrade(release, values):
    where = ("--namespace", releases.NAMESPACE, "--reuse-values")
    release.helm.done("upgrade", releases.RELEASE, str(releases.CHART), *where, "--set", values)


def _ports(release):
    """Protocols and numbers of the collector's Service, and of its container."""
    where = ("shorthaul-collector", releases.NAMESPACE)
    service = release.administrator.get("services", *where)
    deployment = release.administrator.get("deployments.apps", *where)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return [
        {(port["protocol"], port["port"]) for port in service["spec"]["ports"]},
        {(port["protocol"], port["containerPort"]) for port in container["ports"]},
    ]


def test_uninstalling_leaves_no_mutation_and_keeps_what_people_wrote(fresh):
    before = _ours(fresh)

    _uninstall(fresh)

    fresh.administrator.wait_for(lambda: not _is_hinted(fresh), what="pods to be left alone")
    assert _ours(fresh) == before
    for plural in (
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ):
        names = [e["metadata"]["name"] for e in fresh.administrator.list(f"{plural}.{ADMISSION}")]
        assert [name for name in names if "shorthaul" in name] == []


def test_after_uninstalling_every_object_can_be_deleted_and_then_the_kinds(fresh):
    client = fresh.administrator
    _uninstall(fresh)
    client.wait_for(lambda: _may_write(fresh), what="the admission policies to end")

    for (plural, name), each in _ours(fresh).items():
        assert "finalizers" not in each["metadata"]
        client.delete(f"{plural}.shorthaul.dev", name, each["metadata"].get("namespace"))
    assert _ours(fresh) == {}

    kinds = client.list(
        "customresourcedefinitions.apiextensions.k8s.io",
        labels="app.kubernetes.io/part-of=shorthaul",
    )
    for kind in kinds:
        client.delete("customresourcedefinitions.apiextensions.k8s.io", kind["metadata"]["name"])
    client.wait_for(lambda: not _uids_of_kinds(fresh), what="the kinds to be gone")
    assert len(kinds) == 6
    assert not _is_hinted(fresh)


def _may_write(release):
    probe = _object("PlacementHint", "active", {}, "closed")
    try:
        return release.administrator.create(probe, dry_run=True)
    except connections.ApiError:
        return None


def test_the_chart_can_be_installed_again_over_what_was_kept(fresh):
    before = _ours(fresh)
    _uninstall(fresh)
    client = fresh.administrator
    client.wait_for(
        lambda: not client.exists("namespaces", releases.PROBES), what="the probes to be gone"
    )

    fresh.helm.install("--set", "namespaces={opened}")

    assert _ours(fresh) == before
    client.wait_for(lambda: _is_hinted(fresh), what="the kept hint to act again")


def test_a_policy_in_use_never_makes_its_namespace_hang(fresh):
    _uninstall(fresh)
    client = fresh.administrator

    client.delete("namespaces", "opened")

    client.wait_for(
        lambda: not client.exists("namespaces", "opened"), what="the namespace to be gone"
    )


def test_kubectl_applies_the_kinds_from_the_folder_too(empty):
    kubectl = str(binaries.find("kubectl"))
    command = [kubectl, "apply", "--server-side", "--dry-run=server", "-f", "crds"]
    answer = subprocess.run(
        [*command, f"--kubeconfig={empty.plane.kubeconfig}"],
        cwd=releases.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == 6
