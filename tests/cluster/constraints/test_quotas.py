import pytest

from shorthaul.cluster.constraints import quotas
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.selectors import Requirement
from shorthaul.cluster.snapshots import Quota
from shorthaul.cluster.worlds import World
from worlds.builders import amounts, cluster, node, pod


def quota(hard, used, **more):
    return Quota(more.pop("namespace", "shop"), "team", hard, used, **more)


def ask(limit, **more):
    ours = pod("cart-1", "n1", cpu="500m", limits=amounts(cpu=1), **more)
    return quotas.veto(ours, World(cluster(node("n1"), ours, limit)), Rules(), 0)


def test_a_successor_that_fits_beside_the_pod_is_allowed():
    assert ask(quota({"requests.cpu": 1000, "pods": 2}, {"requests.cpu": 500, "pods": 1})) is None


@pytest.mark.parametrize(
    ("key", "hard", "used"),
    [
        ("requests.cpu", 999, 500),
        ("cpu", 999, 500),
        ("limits.cpu", 1999, 1000),
        ("pods", 1, 1),
        ("count/pods", 1, 1),
        ("requests.memory", 200 * 2**20, 128 * 2**20),
    ],
)
def test_a_successor_that_does_not_fit_beside_the_pod_is_refused(key, hard, used):
    reason = ask(quota({key: hard}, {key: used}))

    assert reason.code == "QuotaExceeded"
    assert "quota shop/team" in reason.message


def test_a_stateful_set_waits_until_the_old_pod_is_gone():
    assert ask(quota({"pods": 1}, {"pods": 1}), kind="StatefulSet") is None


def test_bounds_on_other_things_and_namespaces_do_not_matter():
    assert ask(quota({"services": 1, "requests.storage": 1}, {"services": 1})) is None
    assert ask(quota({"pods": 1}, {"pods": 1}, namespace="pay")) is None


def test_what_a_quota_does_not_tell_is_counted_from_the_pods():
    assert ask(quota({"pods": 2}, {})) is None
    assert ask(quota({"pods": 1}, {})) is not None


@pytest.mark.parametrize(
    ("scope", "state", "counted"),
    [
        (Requirement("BestEffort", "Exists"), {"best_effort": True}, True),
        (Requirement("BestEffort", "Exists"), {}, False),
        (Requirement("NotBestEffort", "Exists"), {}, True),
        (Requirement("Terminating", "Exists"), {"has_deadline": True}, True),
        (Requirement("Terminating", "Exists"), {}, False),
        (Requirement("NotTerminating", "Exists"), {}, True),
        (Requirement("PriorityClass", "In", ("gold",)), {"priority_class": "gold"}, True),
        (Requirement("PriorityClass", "In", ("gold",)), {"priority_class": "tin"}, False),
        (Requirement("PriorityClass", "DoesNotExist"), {}, True),
        (Requirement("CrossNamespacePodAffinity", "Exists"), {"crosses_namespaces": True}, True),
        (Requirement("CrossNamespacePodAffinity", "Exists"), {}, False),
        (Requirement("VolumeAttributesClass", "Exists"), {}, False),
    ],
)
def test_a_quota_counts_only_pods_in_all_of_its_scopes(scope, state, counted):
    full = quota({"pods": 1}, {"pods": 1}, scope_requirements=(scope,))

    assert (ask(full, **state) is not None) is counted


def test_plain_scopes_count_like_requirements():
    full = quota({"pods": 1}, {"pods": 1}, scopes=("BestEffort",))

    assert ask(full) is None
    assert ask(full, best_effort=True) is not None


def test_several_successors_at_once_are_added_up():
    ours = [pod(f"cart-{i}", "n1") for i in range(2)]
    world = World(cluster(node("n1"), ours, quota({"pods": 3}, {"pods": 2})))

    assert quotas.overdrawn(ours[:1], world) is None
    assert quotas.overdrawn(ours, world).code == "QuotaExceeded"
