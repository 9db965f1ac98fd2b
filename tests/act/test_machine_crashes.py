"""Whatever is lost between any two requests of a move, it is evicted at most once and it ends.

A model of the world (pod, budget, replacement) stands in for the API server's answers; the machine
is the shipped one. Hypothesis chooses when the process forgets everything, which replies get lost
before or after they took effect or while they still may, and when the world says no.
"""

from dataclasses import dataclass, field, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from act.test_machines import LIMITS, NEW, NOW, ORDER, POD, SIBLING, STARTED
from shorthaul.act.machines import Memory, after, next_request, remember
from shorthaul.act.moves import ENDED, Observation, State
from shorthaul.act.requests import HintArrived, PlaceHint, Record, Rehearse, Reply, SendEviction
from shorthaul.api.podmoves import MovePhase
from shorthaul.cluster.reasons import Reason
from shorthaul.kube import evictions

CHOICES = st.sampled_from(
    [
        *("go on", "crash", "lost before", "lost after", "late", "arrives"),
        *("changed", "blocked", "switch", "lands"),
    ]
)
MOST_STEPS = 400


@dataclass
class World:
    """What really is, beside what the move believes."""

    evicted: int = 0
    version: int = 7
    switched: bool = False
    landed: bool = False
    now: float = NOW
    under_way: set[str] = field(default_factory=set)
    history: list[str] = field(default_factory=list)

    def seen(self) -> Observation:
        pod = None if self.evicted else replace(POD, resource_version=str(self.version))
        new = (replace(NEW, ready=self.landed),) if self.evicted else ()
        siblings = (SIBLING, *new, *((pod,) if pod else ()))
        refusal = Reason("KillSwitch", "on") if self.switched else None
        return Observation(self.now, pod=pod, refusal=refusal, siblings=siblings)

    def answer(self, request: object, choice: str) -> Reply:
        if isinstance(request, PlaceHint):
            return HintArrived()
        assert isinstance(request, Rehearse | SendEviction)
        if choice == "lost before":
            return evictions.InDoubt("connection refused")
        if choice == "late":
            if isinstance(request, SendEviction):
                self.under_way.add(request.victim.resource_version)
            return evictions.InDoubt("no answer in time")
        reply = self._evict(request, choice)
        return evictions.InDoubt("connection reset") if choice == "lost after" else reply

    def arrive(self) -> None:
        """Requests that nobody waits for any more get through to the server."""
        self.evicted += not self.evicted and str(self.version) in self.under_way
        self.under_way.clear()

    def _evict(self, request: Rehearse | SendEviction, choice: str) -> Reply:
        if self.evicted:
            return evictions.PodGone()
        if choice == "blocked":
            return evictions.BlockedByBudget("budget allows 0", 1.0)
        if request.victim.resource_version != str(self.version):
            return evictions.Changed("modified")
        if isinstance(request, SendEviction):
            self.evicted += 1
        return evictions.Evicted()


def step(world: World, state: State, memory: Memory, choice: str) -> tuple[State, Memory]:
    world.now += 1
    world.version += choice == "changed"
    world.switched |= choice == "switch"
    world.landed |= choice == "lands"
    if choice == "arrives":
        world.arrive()
    seen = world.seen()
    request = next_request(ORDER, state, seen, memory, LIMITS)
    if isinstance(request, Record):
        if choice == "lost before":
            return state, Memory(hinted=memory.hinted)
        if choice in ("lost after", "crash"):
            return request.state, Memory()
        return request.state, remember(memory, request, None)
    if not isinstance(request, PlaceHint | Rehearse | SendEviction):
        return state, memory
    reply = world.answer(request, choice)
    if choice == "crash":
        return state, Memory()
    return after(ORDER, state, reply, seen), remember(memory, request, reply)


@example([*["go on"] * 3, "late", "go on", "arrives"])
@settings(deadline=None)
@given(st.lists(CHOICES, max_size=60))
def test_a_move_is_evicted_at_most_once_and_ends_as_the_world_is(choices: list[str]):
    world, state, memory = World(), STARTED, Memory()
    steps = iter([*choices, *["go on"] * MOST_STEPS])

    while state.phase not in ENDED:
        choice = next(steps)
        world.history.append(f"{state.phase.value}: {choice}")
        state, memory = step(world, state, memory, choice)

    assert world.evicted <= 1, world.history
    went = state.phase in (MovePhase.LANDED, MovePhase.FAILED)
    assert went == bool(world.evicted), (state, world.history)
