"""What the state machine of one move knows: its order, its state, and what was just read.

All values; where they come from and where they go is the executor's business. Times are seconds
since the epoch on the operator's clock.
"""

from dataclasses import dataclass

from shorthaul.api.podmoves import MovePhase as Phase
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.readings import SeenPod
from shorthaul.units import NodeName, PodRef, Uid, WorkloadRef

ENDED = frozenset({Phase.LANDED, Phase.ELSEWHERE, Phase.FAILED, Phase.REFUSED})
ROOM_CLEARING = "RoomClearing"
"""Only pods that are ending on the target stand against a move."""


@dataclass(frozen=True, slots=True)
class Order:
    """One move as the plan wants it; `name` is its PodMove's, in the pod's namespace."""

    name: str
    pod: PodRef
    uid: Uid
    workload: WorkloadRef
    source: NodeName
    target: NodeName
    plan: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What the API knows of a move's progress; `attempts` are the evictions asked for."""

    phase: Phase = Phase.PENDING
    epoch: int = 0
    known_uids: tuple[Uid, ...] = ()
    admitted_seconds: float = 0.0
    evicted_seconds: float = 0.0
    attempts: int = 0
    reason: Reason | None = None
    replacement: SeenPod | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the last reads show; each phase reads only what it decides by.

    `refusal` is the first "no" of kill switch, target and reference checker, or, as ROOM_CLEARING,
    its "not yet"; `siblings` all pods of the workload; `holding_budgets` the budgets that still
    count the pod as being evicted.
    """

    now_seconds: float
    pod: SeenPod | None = None
    refusal: Reason | None = None
    siblings: tuple[SeenPod, ...] = ()
    workload_exists: bool = True
    holding_budgets: tuple[str, ...] = ()
