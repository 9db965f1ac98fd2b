"""A profile of one's own in a FlowSource: which counters to read, and whom their labels name.

The same fields as in a profile file for `shorthaul record`, in camel case; docs/prometheus.md tells
what they mean. What relates several fields is checked where the profile is opened, and told in the
FlowSource's status.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.api.objects import KindName, Value, unique

MetricName = Annotated[
    str, Meta(min_length=1, max_length=200, pattern="^[a-zA-Z_:][a-zA-Z0-9_:]*$")
]
LabelName = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")]
LabelText = Annotated[str, Meta(max_length=253)]


class MatchKind(StrEnum):
    """How a label's value is compared, as in PromQL."""

    EQUAL = "="
    UNEQUAL = "!="
    MATCHES = "=~"
    DIFFERS = "!~"


class LabelCondition(Value, frozen=True, kw_only=True):
    """A condition on a label of a series."""

    label: LabelName
    value: LabelText
    match: Annotated[
        MatchKind,
        Meta(description="Compared as PromQL does: = and != for texts, =~ and !~ for RE2."),
    ] = MatchKind.EQUAL


class EndLabels(Value, frozen=True, kw_only=True):
    """The labels that name one end: one of name, kinds, pod, container, address."""

    namespace: LabelName | None = None
    name: LabelName | None = None
    kind: LabelName | None = None
    kinds: Annotated[
        dict[KindName, LabelName],
        Meta(
            max_length=8,
            description="The label that has the name, for each kind of workload, where no label "
            "tells the kind.",
        ),
    ] = msgspec.field(default_factory=dict)
    pod: LabelName | None = None
    container: Annotated[
        LabelName | None, Meta(description="Of the form /k8s/NAMESPACE/POD/CONTAINER.")
    ] = None
    address: Annotated[
        LabelName | None, Meta(description="A pod's address, with or without a port.")
    ] = None
    outside: Annotated[
        tuple[LabelName, ...],
        Meta(
            max_length=4,
            description="Labels that tell of an end outside the cluster: its address, its CIDR, "
            "or the name of an anchor of the Topology.",
            extra_json_schema=unique(),
        ),
    ] = ()


Conditions = Annotated[
    tuple[LabelCondition, ...],
    Meta(
        max_length=16,
        description="Only series for which all of these hold.",
        extra_json_schema={"x-kubernetes-list-type": "atomic"},
    ),
]


class MetricProfile(Value, frozen=True, kw_only=True):
    """One way to read bytes from metrics; `oneSide` says why nothing is counted at both ends."""

    metrics: Annotated[
        tuple[MetricName, ...],
        Meta(
            min_length=1,
            max_length=8,
            description="Counters of bytes; they are added up, so they count different things.",
            extra_json_schema=unique(),
        ),
    ]
    one_side: Annotated[str, Meta(min_length=1, max_length=256)]
    source: EndLabels
    destination: EndLabels
    where: Conditions = ()
    reporters: Annotated[
        tuple[LabelName, ...],
        Meta(
            max_length=8,
            description="Where reporters at both ends count a pair whole: the labels that tell "
            "them apart; the largest count is taken.",
            extra_json_schema=unique(),
        ),
    ] = ()
    nobody: Annotated[
        tuple[LabelText, ...],
        Meta(
            max_length=16,
            description="Values of labels that name nobody.",
            extra_json_schema=unique(),
        ),
    ] = ()
