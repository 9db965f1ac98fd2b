from shorthaul.cluster.constraints import consents
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, replicas


def ask(ours, **rules):
    world = World(cluster(node("n1"), node("n2"), ours))
    return consents.veto(ours[0], world, Rules(WorkloadRules(**rules)), 0)


def test_what_a_policy_selects_may_be_moved():
    assert ask(replicas("cart", "n1", "n2"), allow_single_replica=False) is None
    assert ask(replicas("cart", "n1")) is None


def test_what_no_policy_selects_is_not():
    assert ask(replicas("cart", "n1", "n2"), movable=False).code == "NotSelected"


def test_what_rests_is_not_moved_and_says_why():
    why = Reason("CoolingDown", "moved 5 s ago")

    assert ask(replicas("cart", "n1", "n2"), resting=why) == why


def test_a_single_replica_is_not_moved_without_consent():
    reason = ask(replicas("cart", "n1"), allow_single_replica=False)

    assert reason.code == "SingleReplica"
    assert "1 replica" in reason.message
