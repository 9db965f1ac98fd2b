"""Who may write what, refused by the real API server while the operator is not there."""

import pytest

from chart import releases
from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

API_VERSION = "shorthaul.dev/v1alpha1"
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64
SHARES = {"host": 1, "rack": 0, "zone": 0, "region": 0, "beyond": 0}
MOVE_SPEC = {
    "plan": "plan-1",
    "digest": DIGEST,
    "policy": "near",
    "pod": {"name": "cart-1", "uid": "1"},
    "workload": {"kind": "Deployment", "name": "cart"},
    "from": "n1",
    "to": "n2",
    "wave": 0,
    "gain": {"value": 3.5, "unit": "flows/s·distance"},
}
PLANS, MOVES, HINTS, POLICIES = (
    f"{plural}.shorthaul.dev"
    for plural in ("placementplans", "podmoves", "placementhints", "affinitypolicies")
)


def _plan(name, **spec):
    return {
        "apiVersion": API_VERSION,
        "kind": "PlacementPlan",
        "metadata": {"name": name},
        "spec": {
            "digest": DIGEST,
            "mode": "Propose",
            "expiresAt": "2030-01-01T00:00:00Z",
            "objective": {
                "name": "flows",
                "unit": "flows/s·distance",
                "before": 9,
                "after": 4,
                "lowerBound": 2,
            },
            "locality": {"before": SHARES, "after": SHARES},
            "moves": [
                {
                    "namespace": "opened",
                    "pod": "cart-1",
                    "uid": "1",
                    "workload": {"kind": "Deployment", "name": "cart"},
                    "from": "n1",
                    "to": "n2",
                    "wave": 0,
                    "gain": {"value": 5, "unit": "flows/s·distance"},
                }
            ],
            **spec,
        },
    }


def _move(name, namespace="opened"):
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": "PodMove", "metadata": metadata, "spec": MOVE_SPEC}


def _policy(name, mode, namespace="opened", **spec):
    return {
        "apiVersion": API_VERSION,
        "kind": "AffinityPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"workloads": {}, "objective": "flows", "mode": mode, **spec},
    }


def _refusal(call, *arguments, **named):
    with pytest.raises(connections.ApiError) as refusal:
        call(*arguments, **named)
    return refusal.value


@pytest.fixture(scope="module")
def people(release):
    """Who uses the cluster, by what they may do."""
    found = {}
    for name in ("author", "evictor", "approver", "auditor"):
        found[name] = release.make_account("default", name)
    for name in ("author", "evictor"):
        release.bind("default", name, "shorthaul-editor", within="opened")
        release.bind("default", name, "shorthaul-viewer", within="opened")
    release.bind("default", "evictor", "shorthaul-evictor", within="opened")
    release.bind("default", "approver", "shorthaul-approver")
    release.bind("default", "auditor", "shorthaul-auditor")
    return found


@pytest.fixture
def plan(release, request):
    """A proposed plan, written by the operator."""
    name = "plan-" + request.node.name.split("[")[0].replace("_", "-")[-40:].strip("-")
    release.operator.create(_plan(name))
    yield name
    release.administrator.delete(PLANS, name)


def _approve(client, plan, digest=DIGEST):
    return client.patch(PLANS, plan, {"spec": {"approval": {"digest": digest}}})


@pytest.mark.parametrize("mode", ["Propose", "Auto"])
def test_only_who_may_evict_in_a_namespace_lets_pods_be_moved_there(people, mode):
    told = _refusal(people["author"].create, _policy("mine", mode))
    made = people["evictor"].create(_policy("theirs", mode), dry_run=True)

    assert told.status == 403
    assert f"may not evict pods in namespace opened, so not set mode {mode}" in told.message
    assert made["spec"]["mode"] == mode


def test_anybody_with_the_editors_role_may_observe(people):
    people["author"].create(_policy("watching", "Observe"), dry_run=True)
    people["author"].create(
        {**_policy("silent", "Observe"), "spec": {"workloads": {}, "objective": "flows"}},
        dry_run=True,
    )


def test_raising_the_mode_or_changing_an_acting_policy_needs_the_right_too(release, people):
    people["evictor"].create(_policy("acting", "Propose"))
    people["author"].create(_policy("resting", "Observe"))
    try:
        raised = _refusal(
            people["author"].patch, POLICIES, "resting", {"spec": {"mode": "Auto"}}, "opened"
        )
        faster = {"spec": {"disruption": {"movesPerHour": 1000}}}
        changed = _refusal(people["author"].patch, POLICIES, "acting", faster, "opened")
        people["author"].patch(
            POLICIES, "acting", {"metadata": {"annotations": {"a": "b"}}}, "opened"
        )
        people["author"].patch(POLICIES, "acting", {"spec": {"mode": "Observe"}}, "opened")
    finally:
        for name in ("acting", "resting"):
            release.administrator.delete(POLICIES, name, "opened")

    assert raised.status == changed.status == 403


def test_the_operators_status_of_an_acting_policy_passes_where_it_may_not_evict(release):
    release.administrator.create(_policy("far", "Auto", namespace="closed"))
    try:
        status = {"status": {"workloads": 3}}
        release.operator.patch(POLICIES, "far", status, "closed", subresource="status")
    finally:
        release.administrator.delete(POLICIES, "far", "closed")


@pytest.mark.parametrize("make", [_plan, _move], ids=["PlacementPlan", "PodMove"])
def test_not_even_an_administrator_writes_what_the_operator_decides_from(release, make):
    told = _refusal(release.administrator.create, make("forged"))

    assert told.status == 403
    assert "written by the operator alone" in told.message


def test_moves_are_written_by_the_operator_and_their_status_too(release):
    release.operator.create(_move("mine"))
    begun = {"status": {"phase": "Pending", "epoch": 1}}
    release.operator.patch(MOVES, "mine", begun, "opened", subresource="status")

    told = _refusal(
        release.administrator.patch, MOVES, "mine", begun, "opened", subresource="status"
    )
    labelled = _refusal(
        release.administrator.patch, MOVES, "mine", {"metadata": {"labels": {"a": "b"}}}, "opened"
    )
    release.operator.delete(MOVES, "mine", "opened")

    assert told.status == labelled.status == 403


def test_a_plan_is_approved_by_who_may_approve(release, people, plan):
    approved = _approve(people["approver"], plan)

    assert approved["spec"]["approval"] == {"digest": DIGEST}


def test_reading_plans_does_not_mean_approving_them(people, plan):
    assert people["auditor"].get(PLANS, plan)["spec"]["digest"] == DIGEST
    assert _refusal(_approve, people["auditor"], plan).status == 403


def test_the_operator_never_approves(release, plan):
    patched = _refusal(_approve, release.operator, plan)
    made = _refusal(release.operator.create, _plan("approved", approval={"digest": DIGEST}))

    assert "may not approve plan" in patched.message
    assert "cannot be made approved" in made.message


def test_an_approval_names_the_digest_of_the_plan(people, plan):
    told = _refusal(_approve, people["approver"], plan, OTHER_DIGEST)

    assert told.status == 422
    assert "not the digest of this plan" in told.message


def test_an_approval_is_set_once(people, plan):
    _approve(people["approver"], plan)

    withdrawn = _refusal(people["approver"].patch, PLANS, plan, {"spec": {"approval": None}})

    assert withdrawn.status in (403, 422)


def test_an_approver_changes_nothing_else(people, plan):
    more = {"spec": {"approval": {"digest": DIGEST}, "mode": "Auto"}}
    labelled = {"metadata": {"labels": {"a": "b"}}}

    assert _refusal(people["approver"].patch, PLANS, plan, more).status == 422
    assert _refusal(people["approver"].patch, PLANS, plan, labelled).status == 403
    assert _refusal(people["approver"].delete, PLANS, plan).status == 403


@pytest.mark.parametrize("phase", ["Expired", "Superseded", "Refused", "Done"])
def test_a_plan_that_has_ended_cannot_be_approved(release, people, plan, phase):
    release.operator.patch(PLANS, plan, {"status": {"phase": phase}}, subresource="status")

    told = _refusal(_approve, people["approver"], plan)

    assert f"is {phase}, only a plan that is Proposed can be approved" in told.message


def test_a_tenant_reads_moves_of_his_namespace_and_no_plans(release, people):
    people["author"].list(MOVES, "opened")

    assert _refusal(people["author"].list, PLANS).status == 403
    assert _refusal(people["author"].list, MOVES, "closed").status == 403


def test_a_tenants_right_to_delete_does_not_reach_moves(release, people):
    release.operator.create(_move("theirs"))
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "careless"},
        "rules": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["delete", "update", "create"]}
        ],
    }
    release.administrator.apply(role)
    release.bind("default", "author", "careless", within="opened")
    try:
        told = _refusal(people["author"].delete, MOVES, "theirs", "opened")
    finally:
        release.administrator.delete(
            "rolebindings.rbac.authorization.k8s.io", "author-careless", "opened"
        )
        release.administrator.delete(MOVES, "theirs", "opened")

    assert told.status == 403
    assert "right to override podmoves" in told.message


def test_a_namespace_with_moves_and_hints_is_deleted_without_the_operator(release):
    releases.make_namespace(release.administrator, "leaving")
    release.operator.create(_move("moving", namespace="leaving"))
    metadata = {"name": "active", "namespace": "leaving"}
    hint = {"apiVersion": API_VERSION, "kind": "PlacementHint", "metadata": metadata, "spec": {}}
    release.operator.create(hint)
    release.administrator.create(_policy("near", "Auto", namespace="leaving"))

    release.administrator.delete("namespaces", "leaving")

    release.administrator.wait_for(
        lambda: not release.administrator.exists("namespaces", "leaving"),
        what="the namespace to be gone",
    )


def test_what_belongs_to_a_deleted_owner_is_collected(release):
    client = release.administrator
    owner = client.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "owner", "namespace": "opened"},
        }
    )
    move = _move("owned")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    move["metadata"]["ownerReferences"] = [{**reference, "uid": owner["metadata"]["uid"]}]
    release.operator.create(move)

    client.delete("configmaps", "owner", "opened")

    client.wait_for(lambda: not client.exists(MOVES, "owned", "opened"), what="the move to be gone")
