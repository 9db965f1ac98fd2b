"""The kinds of shorthaul.dev/v1alpha1: what of each the API server has to know beside its fields.

This is the table that `api.schemas` makes the CustomResourceDefinitions from; the fields are in
one module per kind. A new kind is one line here and one module beside it.
"""

from dataclasses import dataclass

import msgspec

from shorthaul.api import (
    affinitypolicies,
    flowsources,
    placementhints,
    placementplans,
    podmoves,
    topologies,
)
from shorthaul.api.objects import API_VERSION, GROUP, VERSION

__all__ = ["API_VERSION", "GROUP", "KINDS", "VERSION", "Column", "Kind"]

CATEGORY = "shorthaul"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; `wide` ones show with -o wide only."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object."""

    type: type[msgspec.Struct]
    plural: str
    short: str
    namespaced: bool
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()
    spec_rules: tuple[tuple[str, str], ...] = ()
    status_rules: tuple[tuple[str, str], ...] = ()
    root_rules: tuple[tuple[str, str], ...] = ()
    immutable: bool | frozenset[str] = False

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.type.__name__

    @property
    def singular(self) -> str:
        """The kind's name in lower case."""
        return self.name.lower()

    @property
    def resource(self) -> str:
        """The name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


_STATUS_STAYS = ("!has(oldSelf.status) || has(self.status)", "status may not be taken away")
_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_READY = Column("Ready", ".status.conditions[?(@.type=='Ready')].status")
_REASON = Column("Reason", ".status.conditions[?(@.type=='Ready')].reason", wide=True)

AFFINITY_POLICY = Kind(
    affinitypolicies.AffinityPolicy,
    "affinitypolicies",
    "afp",
    True,
    (
        Column("Mode", ".spec.mode"),
        Column("Objective", ".spec.objective"),
        _READY,
        Column("Workloads", ".status.workloads", "integer"),
        Column(
            "Host", ".status.current.host", "number", description="share of traffic on one host"
        ),
        Column("Plan", ".status.plan"),
        Column(
            "Kept", ".status.verification.ratio", "number", description="measured over promised"
        ),
        Column("Paused", ".status.paused.reason", wide=True),
        _REASON,
        _AGE,
    ),
    selectable=(".spec.mode", ".spec.objective"),
    spec_rules=(
        (
            "!has(self.latency) || self.objective == 'latency'",
            "latency targets are for objective latency",
        ),
    ),
)
FLOW_SOURCE = Kind(
    flowsources.FlowSource,
    "flowsources",
    "flows",
    False,
    (
        Column("Type", ".spec.type"),
        _READY,
        Column("Files", ".status.health.files", "integer"),
        Column("Flows/s", ".status.health.flowsPerSecond", "number"),
        Column("Lag", ".status.health.lagSeconds", "number"),
        Column("Lost", ".status.health.lostEvents", "integer"),
        Column("Bad", ".status.health.badLines", "integer", wide=True),
        Column("Nodes", ".status.health.nodes", "integer", wide=True),
        Column("Connected", ".status.health.connectedNodes", "integer", wide=True),
        _REASON,
        _AGE,
    ),
    selectable=(".spec.type",),
)
TOPOLOGY = Kind(
    topologies.Topology,
    "topologies",
    "topo",
    False,
    (
        _READY,
        Column("Nodes", ".status.nodes", "integer"),
        Column("Racks", ".status.racks", "integer"),
        Column("Zones", ".status.zones", "integer"),
        _REASON,
        _AGE,
    ),
    root_rules=(
        (
            f"self.metadata.name == '{topologies.NAME}'",
            f"there is one Topology, named {topologies.NAME}",
        ),
    ),
)
PLACEMENT_PLAN = Kind(
    placementplans.PlacementPlan,
    "placementplans",
    "plan",
    False,
    (
        Column("Phase", ".status.phase"),
        Column("Mode", ".spec.mode"),
        Column("Objective", ".spec.objective.name"),
        Column("Gain", ".spec.predicted.value", "number"),
        Column("Unit", ".spec.predicted.unit"),
        Column("Moves", ".status.progress.moves", "integer"),
        Column("Landed", ".status.progress.landed", "integer"),
        Column(
            "Kept", ".status.verification.ratio", "number", description="measured over promised"
        ),
        Column("Expires", ".spec.expiresAt", wide=True),
        Column("Digest", ".spec.digest", wide=True),
        _AGE,
    ),
    selectable=(".spec.mode", ".status.phase"),
    immutable=frozenset({"approval"}),
    spec_rules=(
        (
            "!has(self.approval) || (has(self.digest) && self.approval.digest == self.digest)",
            "approval.digest is not the digest of this plan: read it again, then approve",
        ),
    ),
    root_rules=(_STATUS_STAYS,),
    status_rules=(
        (
            "!has(oldSelf.phase) || (has(self.phase) && self.phase == oldSelf.phase) "
            "|| !(oldSelf.phase in ['Done', 'Expired', 'Refused', 'Superseded'])",
            "a plan that has ended stays as it is",
        ),
    ),
)
POD_MOVE = Kind(
    podmoves.PodMove,
    "podmoves",
    "move",
    True,
    (
        Column("Pod", ".spec.pod.name"),
        Column("Workload", ".spec.workload.name"),
        Column("From", ".spec.from"),
        Column("To", ".spec.to"),
        Column("Phase", ".status.phase"),
        Column("Reason", ".status.reason"),
        Column("Gain", ".spec.gain.value", "number", wide=True),
        Column("Landed on", ".status.replacement.node", wide=True),
        Column("Plan", ".spec.plan", wide=True),
        _AGE,
    ),
    selectable=(".spec.plan", ".spec.policy", ".status.phase"),
    immutable=True,
    root_rules=(_STATUS_STAYS,),
    status_rules=(
        (
            "!has(oldSelf.epoch) || has(self.epoch)",
            "epoch may not be taken away",
        ),
        (
            "!has(oldSelf.attempts) || has(self.attempts)",
            "attempts may not be taken away",
        ),
        (
            "!has(oldSelf.phase) || (has(self.phase) && self.phase == oldSelf.phase) "
            "|| !(oldSelf.phase in ['Landed', 'Elsewhere', 'Failed', 'Refused'])",
            "a move that has ended stays as it is",
        ),
    ),
)
PLACEMENT_HINT = Kind(
    placementhints.PlacementHint,
    "placementhints",
    "hint",
    True,
    (_AGE,),
    root_rules=(
        (
            f"self.metadata.name == '{placementhints.NAME}'",
            f"there is one PlacementHint in a namespace, named {placementhints.NAME}",
        ),
    ),
)
KINDS: tuple[Kind, ...] = (
    AFFINITY_POLICY,
    FLOW_SOURCE,
    PLACEMENT_HINT,
    PLACEMENT_PLAN,
    POD_MOVE,
    TOPOLOGY,
)
