"""What the state machine writes into a PodMove it reads back as the same state."""

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.act import records
from shorthaul.act.moves import State
from shorthaul.api.objects import Gain, ObjectMeta, WorkloadName
from shorthaul.api.podmoves import MovedPod, MovePhase, PodMove, PodMoveSpec
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.readings import SeenPod
from shorthaul.units import Namespace, NodeName, PodRef, Uid, WorkloadRef

NOW = 1_700_000_000.0
MOVE = PodMove(
    metadata=ObjectMeta(name="move-1", namespace="shop", uid="m1", resource_version="5"),
    spec=PodMoveSpec(
        plan="plan-1",
        digest="sha256:" + "0" * 64,
        policy="all",
        pod=MovedPod(name="cart-1", uid="u1"),
        workload=WorkloadName(kind="Deployment", name="cart"),
        source="n1",
        target="n2",
        wave=0,
        gain=Gain(value=1.0, unit="bytes/s"),
    ),
)
LANDED = SeenPod("cart-9", Uid("u9"), "", NodeName("n2"), ready=True, terminating=False)
STATES = st.builds(
    State,
    phase=st.sampled_from(list(MovePhase)),
    epoch=st.integers(0, 100),
    known_uids=st.lists(st.sampled_from([Uid("u1"), Uid("u2")]), unique=True).map(tuple),
    admitted_seconds=st.just(NOW),
    attempts=st.integers(0, 100),
    reason=st.none() | st.just(Reason("KillSwitch", "it is on")),
    replacement=st.none() | st.just(LANDED),
)


def stored(move: PodMove, state: State, now: float) -> PodMove:
    """The move as the API server would give it back."""
    changed = msgspec.structs.replace(move, status=records.status(move, state, now))
    return records.decode(msgspec.json.encode(changed))


@given(STATES)
def test_a_state_survives_being_written_and_read(state: State):
    read = records.state(stored(MOVE, state, NOW))

    evicted = NOW if state.phase is MovePhase.EVICTED else 0.0
    assert read == replace(state, evicted_seconds=evicted)


def test_the_order_is_in_the_pods_own_namespace():
    order = records.order(MOVE)

    assert order.pod == PodRef(Namespace("shop"), "cart-1")
    assert order.workload == WorkloadRef(Namespace("shop"), "Deployment", "cart")
    assert (order.source, order.target) == ("n1", "n2")


def test_the_time_of_the_eviction_is_that_of_the_last_transition():
    evicted = stored(MOVE, State(MovePhase.EVICTED, admitted_seconds=NOW), NOW + 7)

    later = stored(evicted, replace(records.state(evicted), attempts=1), NOW + 50)

    assert records.state(later).evicted_seconds == NOW + 7


def test_every_change_of_phase_is_kept_with_its_time_up_to_a_limit():
    move = MOVE
    for turn in range(100):
        phase = MovePhase.HINTED if turn % 2 else MovePhase.CHECKED
        move = stored(move, State(phase, admitted_seconds=NOW), NOW + turn)

    assert len(move.status.transitions) == records.MOST_TRANSITIONS
    assert move.status.transitions[-1].time.timestamp() == NOW + 99


def test_only_the_code_of_a_reason_is_worth_a_write():
    state = State(MovePhase.HINTED, reason=Reason("BlockedByBudget", "has 2, needs 3"))

    assert not records.differs(replace(state, reason=Reason("BlockedByBudget", "has 1")), state)
    assert records.differs(replace(state, reason=Reason("PodChanged", "has 1")), state)
    assert records.differs(replace(state, reason=None), state)


def test_people_see_where_a_move_stands():
    landed = stored(MOVE, State(MovePhase.LANDED, replacement=LANDED), NOW).status
    refused = stored(MOVE, State(MovePhase.REFUSED, reason=Reason("KillSwitch", "on")), NOW).status
    running = stored(MOVE, State(MovePhase.HINTED), NOW).status

    assert {each.type: each.status.value for each in landed.conditions} == {"Ready": "True"}
    assert {each.type for each in refused.conditions} == {"Ready", "Stalled"}
    assert {each.type for each in running.conditions} == {"Ready", "Reconciling"}
    assert landed.finished_at is not None
    assert running.finished_at is None
