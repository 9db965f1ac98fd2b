"""What may follow what: rules over an object's old and new state, kept by the API server."""

import pytest

from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

MOVES = "podmoves.shorthaul.dev"
ENDS = ["Landed", "Elsewhere", "Failed", "Refused"]


@pytest.fixture
def move(release):
    """A move that nobody has begun."""
    release.operator.create(
        {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "PodMove",
            "metadata": {"name": "tried", "namespace": "opened"},
            "spec": {
                "plan": "plan-1",
                "digest": "sha256:" + "a" * 64,
                "policy": "near",
                "pod": {"name": "cart-1", "uid": "1"},
                "workload": {"kind": "Deployment", "name": "cart"},
                "from": "n1",
                "to": "n2",
                "wave": 0,
                "gain": {"value": 1, "unit": "flows/s·distance"},
            },
        }
    )
    yield release.operator
    release.operator.delete(MOVES, "tried", "opened")


def _write(client, **status):
    return client.patch(MOVES, "tried", {"status": status}, "opened", subresource="status")


def _refused(client, **status):
    with pytest.raises(connections.ApiError) as refusal:
        _write(client, **status)
    assert refusal.value.status == 422
    return refusal.value.message


def test_the_epoch_never_falls(move):
    _write(move, epoch=7, phase="Pending")

    assert "another leads now" in _refused(move, epoch=6, phase="Evicting")
    assert _write(move, epoch=7)["status"]["epoch"] == 7
    assert _write(move, epoch=8)["status"]["epoch"] == 8


def test_the_epoch_cannot_be_taken_away_to_start_again(move):
    _write(move, epoch=7)

    assert "may not be taken away" in _refused(move, epoch=None)


def test_the_whole_status_cannot_be_taken_away_either(move):
    _write(move, epoch=7)
    there = move.get(MOVES, "tried", "opened")

    with pytest.raises(connections.ApiError) as refusal:
        move.patch(MOVES, "tried", {"status": None}, "opened", subresource="status")

    assert refusal.value.status == 422
    assert move.get(MOVES, "tried", "opened")["status"] == there["status"]


def test_attempts_never_fall(move):
    _write(move, attempts=2)

    assert "attempts may not fall" in _refused(move, attempts=1)


@pytest.mark.parametrize("end", ENDS)
def test_a_move_that_has_ended_stays_ended(move, end):
    _write(move, phase=end)

    assert "stays as it is" in _refused(move, phase="Evicting")
    assert "stays as it is" in _refused(move, phase=None)
    assert _write(move, phase=end, message="counted")["status"]["message"] == "counted"


@pytest.mark.parametrize(
    "change",
    [{"to": "n3"}, {"pod": {"uid": "2"}}, {"gain": {"value": 2}}, {"digest": "sha256:" + "b" * 64}],
)
def test_what_is_to_be_moved_never_changes(move, change):
    with pytest.raises(connections.ApiError) as refusal:
        move.patch(MOVES, "tried", {"spec": change}, "opened")

    assert "the spec of a PodMove never changes" in refusal.value.message
