"""The hint policy on the real API server: what it adds to pods, and what it leaves alone.

Pods are asked for as server-side dry runs. The operator does not run: hints work without it.
"""

import copy

import pytest

from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOSTNAME = "kubernetes.io/hostname"
TERMS = [
    {"weight": 100, "key": HOSTNAME, "values": ["n1", "n2"]},
    {"weight": 40, "key": "topology.shorthaul.dev/rack", "values": ["r1"]},
    {"weight": 20, "key": "topology.kubernetes.io/zone", "values": ["z1"]},
    {"weight": 10, "key": "topology.kubernetes.io/region", "values": ["here"]},
]
HINTS = {
    "Deployment.cart": {"plan": "p", "terms": TERMS[:1]},
    "Deployment.cart-abc12": {"plan": "p", "terms": TERMS[2:3]},
    "StatefulSet.database": {"plan": "p", "terms": TERMS},
    "ReplicaSet.lonely": {"plan": "p", "terms": TERMS[1:2]},
}
LIKED = {
    "weight": 7,
    "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]},
}
NEIGHBOUR = {"labelSelector": {"matchLabels": {"app": "peer"}}, "topologyKey": HOSTNAME}
SHAPES = {
    "no affinity": None,
    "an empty affinity": {},
    "required node affinity": {
        "nodeAffinity": {
            REQUIRED: {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]
            }
        }
    },
    "preferred terms of its own": {"nodeAffinity": {PREFERRED: [LIKED, LIKED]}},
    "pod affinity": {"podAffinity": {REQUIRED: [NEIGHBOUR]}},
    "pod anti-affinity and preferred terms": {
        "podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": NEIGHBOUR}]},
        "nodeAffinity": {PREFERRED: [LIKED]},
    },
}


@pytest.fixture(scope="module")
def hinted(release):
    """A namespace with hints, once they have reached the API server's admission."""
    release.operator.create(
        {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "PlacementHint",
            "metadata": {"name": "active", "namespace": "opened"},
            "spec": {"workloads": HINTS},
        }
    )
    release.administrator.wait_for(
        lambda: _added(_made(release, _pod("StatefulSet", "database"))),
        what="the hint to show on a pod",
    )
    yield release
    release.operator.delete("placementhints.shorthaul.dev", "active", "opened")


def _pod(kind, owner, *, affinity=None, labels=None, namespace="opened", **spec):
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": "1"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "asked",
            "namespace": namespace,
            "labels": labels or {},
            "ownerReferences": [{**reference, "controller": True}],
        },
        "spec": {"containers": [{"name": "c", "image": "x"}], **spec},
    }
    if affinity is not None:
        pod["spec"]["affinity"] = copy.deepcopy(affinity)
    return pod


def _of_deployment(name="cart", template="abc12", **more):
    labels = {"pod-template-hash": template}
    return _pod("ReplicaSet", f"{name}-{template}", labels=labels, **more)


def _made(release, pod):
    return release.administrator.create(pod, dry_run=True)["spec"].get("affinity", {})


def _added(affinity):
    return affinity.get("nodeAffinity", {}).get(PREFERRED, [])


def _expected(terms):
    return [
        {
            "weight": term["weight"],
            "preference": {
                "matchExpressions": [
                    {"key": term["key"], "operator": "In", "values": term["values"]}
                ]
            },
        }
        for term in terms
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("pod", "terms"),
    [
        (_of_deployment, HINTS["Deployment.cart"]["terms"]),
        (lambda **more: _pod("StatefulSet", "database", **more), TERMS),
    ],
    ids=["Deployment", "StatefulSet with four terms"],
)
def test_the_terms_are_appended_and_nothing_else_changes(hinted, shape, pod, terms):
    affinity = SHAPES[shape]
    own = copy.deepcopy(affinity or {})

    made = _made(hinted, pod(affinity=affinity))

    before = own.get("nodeAffinity", {}).get(PREFERRED, [])
    assert _added(made) == before + _expected(terms)
    own.setdefault("nodeAffinity", {})[PREFERRED] = before + _expected(terms)
    assert made == own


def test_the_hint_of_a_deployment_outlives_its_replica_sets(hinted):
    before = _made(hinted, _of_deployment(template="abc12"))
    after_a_rollout = _made(hinted, _of_deployment(template="5d9f7"))

    assert _added(before) == _added(after_a_rollout) == _expected(TERMS[:1])


def test_a_deployment_whose_name_looks_like_a_replica_sets_is_told_apart(hinted):
    made = _made(hinted, _of_deployment(name="cart-abc12", template="zz999"))

    assert _added(made) == _expected(TERMS[2:3])


def test_a_replica_set_without_a_deployment_is_known_by_its_own_name(hinted):
    assert _added(_made(hinted, _pod("ReplicaSet", "lonely"))) == _expected(TERMS[1:2])


@pytest.mark.parametrize(
    "pod",
    [
        _of_deployment(name="checkout"),
        _pod("StatefulSet", "cart"),
        _pod("DaemonSet", "agent"),
        _pod("ReplicaSet", "cart-abc12"),
        _pod("ReplicaSet", "cart-abc12", labels={"pod-template-hash": "other"}),
        _pod("StatefulSet", "database", nodeName="n9"),
        _pod("StatefulSet", "database", namespace="closed"),
        _pod("StatefulSet", "database", namespace="kube-system"),
    ],
    ids=[
        "no entry for it",
        "another kind of that name",
        "a daemon",
        "no label to cut the name by",
        "a label that is not the end of the name",
        "placed already",
        "no hints in its namespace",
        "kube-system",
    ],
)
def test_pods_without_a_hint_are_left_alone(hinted, pod):
    made = hinted.administrator.create(pod, dry_run=True)

    assert "shorthaul" not in str(made["spec"].get("affinity"))
    assert PREFERRED not in str(made["spec"].get("affinity"))


def test_bare_pods_and_pods_of_an_owner_that_does_not_control_them_are_left_alone(hinted):
    bare = _pod("StatefulSet", "database")
    del bare["metadata"]["ownerReferences"]
    owned = _pod("StatefulSet", "database")
    owned["metadata"]["ownerReferences"][0]["controller"] = False

    assert _made(hinted, bare) == {}
    assert _made(hinted, owned) == {}


def test_real_replacements_carry_the_hint(hinted):
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "opened"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "cart"}},
            "template": {
                "metadata": {"labels": {"app": "cart"}},
                "spec": {"containers": [{"name": "c", "image": "x"}]},
            },
        },
    }
    hinted.administrator.create(deployment)
    try:
        pods = hinted.administrator.wait_for(
            lambda: (found := _pods(hinted)) and len(found) == 2 and found,
            what="two pods of cart",
        )
    finally:
        hinted.administrator.delete("deployments.apps", "cart", "opened")

    assert [_added(pod["spec"].get("affinity", {})) for pod in pods] == [_expected(TERMS[:1])] * 2


def _pods(release):
    return release.administrator.list("pods", "opened", labels="app=cart")


def test_a_hint_object_without_entries_changes_nothing(release):
    hint = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "PlacementHint",
        "metadata": {"name": "active", "namespace": "closed"},
        "spec": {},
    }
    release.operator.create(hint)
    try:
        made = _made(release, _pod("StatefulSet", "database", namespace="closed"))
    finally:
        release.operator.delete("placementhints.shorthaul.dev", "active", "closed")

    assert made == {}


def test_taking_the_hints_away_stops_all_mutation(release):
    metadata = {"name": "active", "namespace": "closed"}
    hint = {"apiVersion": "shorthaul.dev/v1alpha1", "kind": "PlacementHint", "metadata": metadata}
    pod = _pod("StatefulSet", "database", namespace="closed")
    release.operator.create({**hint, "spec": {"workloads": HINTS}})
    release.administrator.wait_for(lambda: _made(release, pod), what="the hint to show")

    release.operator.delete("placementhints.shorthaul.dev", "active", "closed")

    release.administrator.wait_for(lambda: _made(release, pod) == {}, what="the hint to go")


def test_a_hint_object_of_another_name_is_refused(release):
    hint = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "PlacementHint",
        "metadata": {"name": "second", "namespace": "closed"},
        "spec": {},
    }

    with pytest.raises(connections.ApiError, match="named active") as refusal:
        release.operator.create(hint)

    assert refusal.value.status == 422
