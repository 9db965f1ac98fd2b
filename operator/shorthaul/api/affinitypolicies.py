"""AffinityPolicy: which workloads of a namespace may be moved, to what end, and how carefully.

Written by the owner of the workloads; the default mode computes and reports and does nothing to
the cluster. A peer namespace attracts pods only when a policy on each side names the other.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shorthaul.api.objects import (
    API_VERSION,
    Amount,
    KindName,
    LabelKey,
    LabelValue,
    NamespaceName,
    ObjectMeta,
    ObjectName,
    Value,
    keyed,
    rules,
    unique,
    written,
)
from shorthaul.api.policystatuses import AffinityPolicyStatus
from shorthaul.units import Objective

SELECTOR_RULES = (
    "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 "
    ": !has(self.values) || size(self.values) == 0",
    "values are needed for In and NotIn, and not allowed for Exists and DoesNotExist",
)


class Mode(StrEnum):
    """What a policy lets the operator do."""

    OBSERVE = "Observe"
    PROPOSE = "Propose"
    AUTO = "Auto"


class SelectorOperator(StrEnum):
    """How a label expression compares."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "Mon"
    TUESDAY = "Tue"
    WEDNESDAY = "Wed"
    THURSDAY = "Thu"
    FRIDAY = "Fri"
    SATURDAY = "Sat"
    SUNDAY = "Sun"


class LabelExpression(Value, frozen=True, kw_only=True):
    """One requirement on labels."""

    key: LabelKey
    operator: SelectorOperator
    values: Annotated[tuple[LabelValue, ...], Meta(max_length=64, extra_json_schema=unique())] = ()


class LabelSelector(Value, frozen=True, kw_only=True):
    """A label selector; all its parts have to match, and an empty one matches everything."""

    match_labels: Annotated[dict[LabelKey, LabelValue], Meta(max_length=32)] = msgspec.field(
        default_factory=dict
    )
    match_expressions: Annotated[
        tuple[Annotated[LabelExpression, Meta(extra_json_schema=rules(SELECTOR_RULES))], ...],
        Meta(max_length=16, extra_json_schema={"x-kubernetes-list-type": "atomic"}),
    ] = ()


class Workloads(Value, frozen=True, kw_only=True):
    """Which workloads of the namespace the policy is for; without parts, all of them."""

    selector: Annotated[
        LabelSelector | None, Meta(description="Matched against the labels of the workload.")
    ] = None
    kinds: Annotated[
        tuple[KindName, ...],
        Meta(
            max_length=8,
            description="Kinds of controllers, such as Deployment; without any, all kinds.",
            extra_json_schema=unique(),
        ),
    ] = ()


class Peer(Value, frozen=True, kw_only=True):
    """A namespace whose traffic may attract these pods, if its policy names this one too."""

    namespace: NamespaceName


class LatencyTarget(Value, frozen=True, kw_only=True):
    """How fast requests between these workloads and a peer should be; a wish, not a limit."""

    namespace: Annotated[
        NamespaceName | None, Meta(description="The peer's; without it, this namespace.")
    ] = None
    kind: Annotated[KindName | None, Meta(description="Without it, any kind.")] = None
    name: ObjectName
    milliseconds: Annotated[float, Meta(ge=0, le=1e9, description="There and back.")]
    penalty: Annotated[
        float,
        Meta(ge=0, le=1e6, description="Each millisecond above counts so many times more."),
    ] = 10.0


class Latency(Value, frozen=True, kw_only=True):
    """What objective latency should reach."""

    targets: Annotated[
        tuple[LatencyTarget, ...],
        Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "atomic"}),
    ] = ()


class Isolation(Value, frozen=True, kw_only=True):
    """With whom a host may be shared."""

    trust_domain: Annotated[
        LabelValue,
        Meta(description="Pods of two different trust domains never share a host."),
    ] = ""


class Availability(Value, frozen=True, kw_only=True):
    """The least spread that co-location has to leave to each workload."""

    least_hosts: Annotated[
        int, Meta(ge=1, le=1000, description="Least number of distinct hosts of a workload.")
    ] = 2
    least_zones: Annotated[
        int, Meta(ge=1, le=100, description="Least number of distinct zones of a workload.")
    ] = 1


Clock = Annotated[str, Meta(min_length=5, max_length=5, pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Window(Value, frozen=True, kw_only=True):
    """A part of the week in which moves may start; it may span midnight."""

    start: Clock
    end: Clock
    days: Annotated[
        tuple[Day, ...],
        Meta(
            max_length=7,
            description="Days on which the window starts; without any, every day.",
            extra_json_schema=unique(),
        ),
    ] = ()
    timezone: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern="^[A-Za-z][A-Za-z0-9_+/-]*$",
            description="A name of the IANA time zone database.",
        ),
    ] = "UTC"


WINDOW_RULES = (("self.start != self.end", "start and end of a window may not be the same"),)


class Disruption(Value, frozen=True, kw_only=True):
    """How much disturbance is allowed; one workload never has more than one move in flight."""

    concurrent: Annotated[
        int, Meta(ge=1, le=100, description="Moves in flight at once under this policy.")
    ] = 1
    moves_per_hour: Annotated[
        int, Meta(ge=0, le=1000, description="Moves that may start in any 60 minutes.")
    ] = 10
    cool_down_seconds: Annotated[
        int, Meta(ge=0, le=2592000, description="Least time between two moves of a workload.")
    ] = 1800
    minimum_pod_age_seconds: Annotated[
        int, Meta(ge=0, le=2592000, description="Younger pods are not moved.")
    ] = 300
    windows: Annotated[
        tuple[Annotated[Window, Meta(extra_json_schema=rules(*WINDOW_RULES))], ...],
        Meta(
            max_length=16,
            description="When moves may start; without any, always.",
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    allow_empty_dir: Annotated[
        bool, Meta(description="Whether pods may be moved that lose an emptyDir by it.")
    ] = False
    allow_single_replica: Annotated[
        bool, Meta(description="Whether the only replica of a workload may be moved.")
    ] = False


class Worth(Value, frozen=True, kw_only=True):
    """When a plan is worth the disturbance."""

    least_gain_percent: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None,
        Meta(description="Least gain in percent of the present cost."),
    ] = None
    least_gain: Annotated[
        Amount | None, Meta(description="Least gain in the objective's unit.")
    ] = None
    horizon_hours: Annotated[
        float, Meta(ge=0.01, le=8760, description="For how long a gain is counted upon.")
    ] = 24.0
    move_cost: Annotated[
        Amount | None,
        Meta(
            description="What moving one pod costs (slow start, image pull, volume re-attach), in "
            "the objective's unit times seconds; a move has to gain more within the horizon. "
            "Without it, a move has to gain a third of what an average pod's traffic costs now."
        ),
    ] = None


class Damping(Value, frozen=True, kw_only=True):
    """Overrides of the operator's settings against flapping."""

    persistence_windows: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="Windows in each of which the gain has to hold."),
    ] = None


class ApprovalTerms(Value, frozen=True, kw_only=True):
    """How long a proposed plan may be approved."""

    expiry_seconds: Annotated[
        Annotated[int, Meta(ge=10, le=604800)] | None,
        Meta(description="From proposal to expiry of a plan."),
    ] = None


class Target(Value, frozen=True, kw_only=True):
    """How far a plan may go."""

    max_moves: Annotated[
        int | Literal["knee"] | None,
        Meta(
            description="Most moves of a plan, or knee: as many as pay well (the default).",
            extra_json_schema=rules(
                (
                    "type(self) == int ? self >= 0 && self <= 500 : self == 'knee'",
                    "maxMoves is a number from 0 to 500 or knee",
                )
            ),
        ),
    ] = None


class AffinityPolicySpec(Value, frozen=True, kw_only=True):
    """What the owner of the workloads asks for."""

    workloads: Workloads
    objective: Annotated[
        Objective,
        Meta(description="What to make small: traffic in bytes or flows, latency, or its price."),
    ]
    mode: Annotated[
        Mode,
        Meta(
            description="Observe computes and reports, Propose writes plans that wait for "
            "approval, Auto moves pods within the budgets."
        ),
    ] = Mode.OBSERVE
    peers: Annotated[
        tuple[Peer, ...],
        Meta(
            max_length=64,
            description="Namespaces whose traffic may attract these pods; each needs a policy "
            "that names this namespace.",
            extra_json_schema=keyed("namespace"),
        ),
    ] = ()
    latency: Annotated[
        Latency | None, Meta(description="Targets for named peers, for objective latency only.")
    ] = None
    isolation: Isolation = Isolation()
    availability: Availability = Availability()
    disruption: Disruption = Disruption()
    worth: Worth = Worth()
    damping: Damping = Damping()
    approval: ApprovalTerms = ApprovalTerms()
    target: Target = Target()
    pause: Annotated[bool, Meta(description="Whether nothing may be moved for now.")] = False


class AffinityPolicy(Value, frozen=True, kw_only=True):
    """Lets pods of a namespace be moved next to the pods they talk to."""

    metadata: ObjectMeta
    spec: AffinityPolicySpec
    status: AffinityPolicyStatus = AffinityPolicyStatus()
    api_version: str = written(API_VERSION)
    kind: str = written("AffinityPolicy")
