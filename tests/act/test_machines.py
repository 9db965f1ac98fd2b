"""Every "what if" of one move, as values: no clock, no API server."""

from dataclasses import replace

import pytest

from shorthaul.act import machines
from shorthaul.act.machines import (
    Limits,
    Memory,
    admitted,
    after,
    next_request,
    pause_seconds,
    remember,
)
from shorthaul.act.moves import ROOM_CLEARING, Observation, Order, State
from shorthaul.act.requests import (
    HintArrived,
    HintMissing,
    PlaceHint,
    Record,
    Rehearse,
    SendEviction,
    Wait,
)
from shorthaul.api.podmoves import MovePhase
from shorthaul.cluster.reasons import Reason
from shorthaul.kube import evictions
from shorthaul.kube.readings import SeenPod
from shorthaul.units import Namespace, NodeName, PodRef, Uid, WorkloadRef

NOW = 1000.0
SHOP = Namespace("shop")
SOURCE, TARGET = NodeName("n1"), NodeName("n2")
ORDER = Order(
    name="move-1",
    pod=PodRef(SHOP, "cart-1"),
    uid=Uid("u1"),
    workload=WorkloadRef(SHOP, "Deployment", "cart"),
    source=SOURCE,
    target=TARGET,
)
LIMITS = Limits(landing_seconds=300.0, poll_seconds=1.0)
POD = SeenPod("cart-1", Uid("u1"), "7", SOURCE, ready=True, terminating=False)
SIBLING = replace(POD, name="cart-2", uid=Uid("u2"), node=NodeName("n3"))
SEEN = Observation(NOW, pod=POD, siblings=(POD, SIBLING))
STARTED = State(MovePhase.ADMITTED, epoch=1, admitted_seconds=NOW)
PROVED = Memory(hinted=True)
CHECKED = Memory(hinted=True, checked="7")
ARMED = Memory(hinted=True, armed="7")
VICTIM = evictions.Victim(ORDER.pod, ORDER.uid, "7", "PodMove move-1")
BLOCKED = evictions.BlockedByBudget("budget shop/cart allows 0 disruptions", 10.0)


def at(phase: MovePhase, **more: object) -> State:
    return replace(STARTED, phase=phase, **more)  # type: ignore[arg-type]


def ask(state: State, seen: Observation = SEEN, memory: Memory = PROVED) -> object:
    return next_request(ORDER, state, seen, memory, LIMITS)


def recorded(request: object) -> State:
    assert isinstance(request, Record)
    return request.state


def test_pacing_admits_with_the_epoch_of_the_leader():
    state = admitted(State(), epoch=4, now_seconds=NOW)

    assert state == State(MovePhase.ADMITTED, epoch=4, admitted_seconds=NOW)


def test_a_move_that_waits_for_admission_or_has_ended_asks_for_nothing():
    for phase in (MovePhase.PENDING, MovePhase.LANDED, MovePhase.REFUSED):
        assert isinstance(ask(at(phase)), Wait)


def test_a_move_without_a_crash_goes_through_every_phase_once():
    state, memory = STARTED, Memory()
    phases = []
    replies = {
        PlaceHint: HintArrived(),
        Rehearse: evictions.Evicted(),
        SendEviction: evictions.Evicted(),
    }
    while state.phase is not MovePhase.EVICTED:
        request = next_request(ORDER, state, SEEN, memory, LIMITS)
        reply = replies.get(type(request))
        memory = remember(memory, request, reply)
        state = request.state if isinstance(request, Record) else after(ORDER, state, reply, SEEN)
        phases.append(state.phase.value)

    assert phases == ["Hinted", "Checked", "Evicting", "Evicted"]
    assert state.known_uids == ("u1", "u2")
    assert state.attempts == 1
    assert state.evicted_seconds == NOW


def test_the_eviction_names_the_uid_and_the_version_that_were_checked():
    assert ask(at(MovePhase.EVICTING), memory=ARMED) == SendEviction(VICTIM)


@pytest.mark.parametrize("phase", [MovePhase.ADMITTED, MovePhase.HINTED])
def test_a_move_waits_while_its_target_clears_and_gives_up_when_its_time_is_over(phase):
    clearing = Reason(ROOM_CLEARING, "node n2 has no room, until shop/db-1, ending there, is gone")
    seen = replace(SEEN, refusal=clearing)

    assert ask(at(phase), seen) == Wait(LIMITS.poll_seconds, clearing)
    late = recorded(ask(at(phase), replace(seen, now_seconds=NOW + LIMITS.landing_seconds)))
    assert (late.phase, late.reason.code) == (MovePhase.REFUSED, ROOM_CLEARING)
    assert "until shop/db-1" in late.reason.message
    gone = recorded(ask(at(phase), replace(seen, pod=None)))
    assert (gone.phase, gone.reason.code) == (MovePhase.REFUSED, "PodGone")


def test_after_a_crash_in_evicting_an_untouched_pod_is_checked_again_and_not_evicted():
    state = recorded(ask(at(MovePhase.EVICTING), memory=Memory()))

    assert state.phase is MovePhase.HINTED
    assert ask(state, memory=Memory()) == PlaceHint()


@pytest.mark.parametrize(
    "pod",
    [None, replace(POD, terminating=True), replace(POD, uid=Uid("u9"))],
    ids=["gone", "terminating", "replaced under its name"],
)
def test_after_a_crash_in_evicting_a_touched_pod_counts_as_evicted(pod: SeenPod | None):
    state = recorded(ask(at(MovePhase.EVICTING), replace(SEEN, pod=pod), Memory()))

    assert state.phase is MovePhase.EVICTED


def test_after_a_lost_reply_the_pod_is_read_before_anything_else():
    evicting = at(MovePhase.EVICTING)
    memory = remember(ARMED, SendEviction(VICTIM), evictions.InDoubt("timeout"))

    assert after(ORDER, evicting, evictions.InDoubt("timeout"), SEEN) == evicting
    assert recorded(ask(evicting, memory=memory)).phase is MovePhase.HINTED


def test_a_check_of_another_process_is_made_again():
    state = recorded(ask(at(MovePhase.CHECKED), memory=Memory(hinted=True)))

    assert state.phase is MovePhase.HINTED


def test_a_pod_that_changed_since_the_check_is_checked_again():
    changed = replace(SEEN, pod=replace(POD, resource_version="8"))

    assert recorded(ask(at(MovePhase.CHECKED), changed, CHECKED)).phase is MovePhase.HINTED
    assert recorded(ask(at(MovePhase.EVICTING), changed, ARMED)).phase is MovePhase.HINTED


@pytest.mark.parametrize("phase", ["ADMITTED", "HINTED", "CHECKED"])
@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (replace(SEEN, pod=None), "PodGone"),
        (replace(SEEN, pod=replace(POD, uid=Uid("u9"))), "PodReplaced"),
        (replace(SEEN, pod=replace(POD, terminating=True)), "PodEnding"),
        (replace(SEEN, pod=replace(POD, finished=True)), "PodEnding"),
        (replace(SEEN, pod=replace(POD, node=NodeName("n4"))), "PodElsewhere"),
        (replace(SEEN, workload_exists=False), "WorkloadGone"),
        (replace(SEEN, refusal=Reason("KillSwitch", "on")), "KillSwitch"),
        (replace(SEEN, now_seconds=NOW + 301), "NotEvictedInTime"),
    ],
)
def test_whatever_stands_against_a_move_before_its_eviction_refuses_it(
    phase: str, seen: Observation, code: str
):
    state = recorded(ask(at(MovePhase[phase]), seen, CHECKED))

    assert state.phase is MovePhase.REFUSED
    assert state.reason is not None
    assert state.reason.code == code


def test_the_kill_switch_is_looked_at_between_evicting_and_the_eviction():
    switched = replace(SEEN, refusal=Reason("KillSwitch", "on"))

    assert recorded(ask(at(MovePhase.EVICTING), switched, ARMED)).phase is MovePhase.REFUSED


def test_a_spent_budget_is_waited_for_and_then_refused_with_its_words():
    hinted = at(MovePhase.HINTED)

    waiting = after(ORDER, hinted, BLOCKED, SEEN)
    late = recorded(ask(waiting, replace(SEEN, now_seconds=NOW + 300)))

    assert waiting.phase is MovePhase.HINTED
    assert late.phase is MovePhase.REFUSED
    assert late.reason is not None
    assert late.reason.code == "BlockedByBudget"
    assert "budget shop/cart allows 0 disruptions" in late.reason.message


def test_waiting_grows_up_to_a_limit():
    memory = PROVED
    pauses = []
    for _ in range(8):
        memory = remember(memory, Rehearse(VICTIM), BLOCKED)
        pauses.append(pause_seconds(BLOCKED, memory, LIMITS))

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_first_conflict_is_repeated_at_once_and_the_second_waits_for_the_budget():
    changed = evictions.Changed("the object has been modified")
    evicting = at(MovePhase.EVICTING, attempts=2)
    held = replace(SEEN, holding_budgets=("cart",))
    once = remember(ARMED, SendEviction(VICTIM), changed)

    back = after(ORDER, evicting, changed, SEEN)

    assert pause_seconds(changed, once, LIMITS) == 0.0
    assert back.phase is MovePhase.HINTED
    assert isinstance(ask(back, held), Wait)
    assert isinstance(ask(back), Rehearse)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (evictions.PodGone(), "PodGone"),
        (evictions.Denied("no right"), "EvictionDenied"),
        (evictions.SeveralBudgets("2 budgets"), "SeveralBudgets"),
    ],
)
@pytest.mark.parametrize("phase", [MovePhase.HINTED, MovePhase.EVICTING])
def test_an_answer_that_waiting_cannot_change_refuses_the_move(
    phase: MovePhase, answer: evictions.Answer, code: str
):
    state = after(ORDER, at(phase), answer, SEEN)

    assert state.phase is MovePhase.REFUSED
    assert state.reason is not None
    assert state.reason.code == code


@pytest.mark.parametrize("pod", [None, replace(POD, terminating=True)], ids=["gone", "going"])
@pytest.mark.parametrize(
    ("phase", "attempts"), [("ADMITTED", 1), ("HINTED", 1), ("CHECKED", 1), ("EVICTING", 2)]
)
def test_a_pod_that_goes_after_an_eviction_was_asked_for_was_evicted(
    phase: str, attempts: int, pod: SeenPod | None
):
    before, memory = at(MovePhase[phase], attempts=attempts), replace(CHECKED, armed=ARMED.armed)

    assert recorded(ask(before, replace(SEEN, pod=pod), memory)).phase is MovePhase.EVICTED
    assert after(ORDER, before, evictions.PodGone(), SEEN).phase is MovePhase.EVICTED


def test_a_pod_that_others_take_after_an_eviction_was_announced_and_not_sent_was_not_evicted():
    evicting, changed = at(MovePhase.EVICTING, attempts=1), replace(POD, resource_version="9")
    request = ask(evicting, replace(SEEN, pod=changed), ARMED)
    hinted, memory = recorded(request), remember(ARMED, request, None)

    assert hinted.phase is MovePhase.HINTED
    taken = replace(SEEN, pod=replace(changed, terminating=True))
    assert recorded(ask(hinted, taken, memory)).phase is MovePhase.REFUSED
    assert recorded(ask(hinted, taken, Memory(hinted=True))).phase is MovePhase.EVICTED
    again = at(MovePhase.EVICTING, attempts=2)
    assert after(ORDER, again, evictions.PodGone(), SEEN, memory).phase is MovePhase.REFUSED
    sent = at(MovePhase.HINTED, attempts=2)
    assert recorded(ask(sent, taken, memory)).phase is MovePhase.EVICTED


@pytest.mark.parametrize(
    "reply", [evictions.Changed("it changed"), evictions.BlockedByBudget("one is out", 0)]
)
def test_a_pod_that_others_take_after_an_eviction_was_refused_was_not_evicted(reply: object):
    evicting = at(MovePhase.EVICTING, attempts=1)
    memory = remember(ARMED, ask(evicting, SEEN, ARMED), reply)
    hinted, taken = after(ORDER, evicting, reply, SEEN), replace(SEEN, pod=None)

    assert hinted.phase is MovePhase.HINTED
    assert recorded(ask(hinted, taken, memory)).phase is MovePhase.REFUSED
    assert recorded(ask(hinted, taken, Memory(hinted=True))).phase is MovePhase.EVICTED


def test_a_hint_that_cannot_be_written_refuses_and_one_that_is_late_is_tried_again():
    reason = Reason("HintsNotApplied", "no hint shows")

    assert after(ORDER, STARTED, HintMissing(reason, final=True), SEEN).phase is MovePhase.REFUSED
    assert after(ORDER, STARTED, HintMissing(reason, final=False), SEEN).phase is MovePhase.ADMITTED


EVICTED = at(MovePhase.EVICTED, known_uids=(Uid("u1"), Uid("u2")), evicted_seconds=NOW)
NEW = replace(POD, name="cart-3", uid=Uid("u3"), node=TARGET)


def landing(*pods: SeenPod, **more: object) -> Observation:
    return replace(SEEN, pod=None, siblings=(SIBLING, *pods), **more)  # type: ignore[arg-type]


def test_a_new_pod_ready_on_the_target_has_landed():
    state = recorded(ask(EVICTED, landing(NEW)))

    assert (state.phase, state.replacement) == (MovePhase.LANDED, NEW)


def test_a_new_pod_ready_on_another_node_has_landed_elsewhere():
    state = recorded(ask(EVICTED, landing(replace(NEW, node=NodeName("n5")))))

    assert state.phase is MovePhase.ELSEWHERE
    assert state.reason is not None
    assert "cart-3" in state.reason.message
    assert "n5" in state.reason.message


def test_a_stateful_set_that_uses_the_name_again_is_told_by_the_uid():
    again = replace(NEW, name="cart-1")

    assert isinstance(ask(EVICTED, landing(replace(POD, terminating=True))), Wait)
    assert recorded(ask(EVICTED, landing(again))).phase is MovePhase.LANDED


@pytest.mark.parametrize(
    "pod",
    [replace(NEW, ready=False), replace(NEW, terminating=True), replace(NEW, finished=True)],
    ids=["not ready", "being deleted again", "finished"],
)
def test_a_replacement_that_does_not_serve_is_waited_for_until_the_time_is_up(pod: SeenPod):
    late = recorded(ask(EVICTED, landing(pod, now_seconds=NOW + 300)))

    assert isinstance(ask(EVICTED, landing(pod)), Wait)
    assert late.phase is MovePhase.FAILED
    assert late.reason is not None
    assert late.reason.code == "NotReadyInTime"


def test_a_workload_that_is_deleted_after_the_eviction_fails_the_move_at_once():
    state = recorded(ask(EVICTED, replace(SEEN, siblings=(), workload_exists=False)))

    assert state.phase is MovePhase.FAILED
    assert state.reason is not None
    assert state.reason.code == "WorkloadGone"


def test_of_several_new_pods_the_one_on_the_target_counts():
    other = replace(NEW, name="cart-0", uid=Uid("u4"), node=NodeName("n5"))

    assert recorded(ask(EVICTED, landing(other, NEW))).replacement == NEW


@pytest.mark.parametrize("memory", [PROVED, CHECKED, ARMED])
def test_a_hint_that_was_taken_away_with_all_others_is_proved_again(memory):
    assert machines.recalled(memory, memory.era) == memory

    known = machines.recalled(memory, memory.era + 1)

    assert ask(at(MovePhase.HINTED), memory=known) == PlaceHint()
    assert machines.recalled(known, memory.era + 1) == known
