"""What a policy has spent, from its status and its moves."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.podmoves import PodMove
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.plan import standings
from shorthaul.plan.views import View
from shorthaul.topology.distances import DEFAULT_SCALE, measure

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def stamp(minutes):
    return (NOW + timedelta(minutes=minutes)).isoformat()


def policy(moves=(), last_moves=()):
    def told(starts):
        return [{"kind": "Deployment", "name": name, "time": stamp(at)} for name, at in starts]

    budgets = {"moves": told(moves), "lastMoves": told(last_moves)}
    return msgspec.convert(
        {
            "metadata": {"name": "near", "namespace": "shop"},
            "spec": {"workloads": {}, "objective": "flows"},
            "status": {"budgets": budgets},
        },
        AffinityPolicy,
        strict=False,
    )


def view(*moves, at=60):
    now = NOW + timedelta(minutes=at)
    return View(
        now=now, snapshot=Snapshot({}, {}), distances=measure({}, DEFAULT_SCALE), moves=moves
    )


def resting(*moves, at=60):
    found = standings.resting(policy(), view(*moves, at=at))
    return {workload.name: reason.code for workload, reason in found.items()}


def move(name, at, phase, evicted=None):
    transitions = [] if evicted is None else [{"phase": "Evicted", "time": stamp(evicted)}]
    return msgspec.convert(
        {
            "metadata": {"name": f"plan-{name}", "namespace": "shop"},
            "spec": {
                "plan": "plan",
                "digest": "sha256:" + "a" * 64,
                "policy": "near",
                "pod": {"name": f"{name}-1", "uid": f"uid-{name}"},
                "workload": {"kind": "Deployment", "name": name},
                "from": "n1",
                "to": "n2",
                "wave": 0,
                "gain": {"value": 1.0, "unit": "flows/s·distance"},
            },
            "status": {
                "phase": phase,
                "startedAt": stamp(at),
                "finishedAt": stamp(at + 1),
                "transitions": transitions,
            },
        },
        PodMove,
        strict=False,
    )


def names(starts):
    return [start.workload.name for start in starts]


@pytest.mark.parametrize("phase", ["Admitted", "Evicted", "Landed", "Elsewhere", "Failed"])
def test_a_move_that_evicted_or_may_yet_is_spent(phase):
    assert names(standings.spent_of(policy(), [move("cart", 0, phase)])) == ["cart"]


def test_a_refused_move_is_given_back_though_the_status_counted_it_when_it_began():
    known = policy(moves=[("db", -1), ("cart", 0)], last_moves=[("cart", 0)])

    assert names(standings.spent_of(known, [move("cart", 0, "Refused")])) == ["db"]


def test_an_eviction_is_spent_when_it_happens_and_not_when_its_move_began():
    known = policy(moves=[("cart", 0)])

    waiting = standings.spent_of(known, [move("cart", 0, "Hinted")])
    evicted = standings.spent_of(known, [move("cart", 0, "Evicted", evicted=4)])
    after_a_restart = standings.spent_of(policy(moves=[("cart", 4)]), [])

    assert [start.seconds for start in waiting] == [NOW.timestamp()]
    assert [start.seconds for start in evicted] == [NOW.timestamp() + 240]
    assert after_a_restart == evicted


def test_a_refused_move_lets_its_workload_cool_down():
    assert names(standings.starts_of(policy(), [move("cart", 0, "Refused")])) == ["cart"]


def test_moves_that_are_forgotten_stay_spent_in_the_status():
    known = policy(moves=[("cart", 0)])

    assert names(standings.spent_of(known, [])) == ["cart"]
    assert names(standings.spent_of(known, [move("cart", 0, "Landed")])) == ["cart"]


def test_a_workload_rests_after_its_move_and_no_longer_than_that():
    landed = move("cart", 0, "Landed")

    assert resting(landed, at=29) == {"cart": "CoolingDown"}
    assert resting(landed, at=31) == {}


def test_after_two_moves_that_missed_their_target_a_workload_is_left_alone():
    first, second = move("cart", -90, "Elsewhere"), move("cart", 0, "Failed")

    assert resting(first) == {}
    assert resting(first, second) == {"cart": "MovesMissed"}


def test_a_move_that_lands_ends_the_count_of_those_that_missed():
    moves = [move("cart", -90, "Elsewhere"), move("cart", -60, "Landed"), move("cart", 0, "Failed")]

    assert resting(*moves) == {}
