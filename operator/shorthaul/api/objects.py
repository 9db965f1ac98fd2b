"""What all our kinds share: the bounded types of their fields, metadata, conditions, references.

The structs of this folder are the single source of the API: `api.schemas` turns them into the
schemas of the CustomResourceDefinitions, msgspec decodes objects into them. Every string, number
and list is bounded here, so that the API server itself refuses nonsense while the operator is down.
They assume input that the API server has accepted or a file of the user; they decide nothing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

GROUP = "shorthaul.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"

ObjectName = Annotated[str, Meta(min_length=1, max_length=253, pattern=rf"^{_DNS}(\.{_DNS})*$")]
NamespaceName = Annotated[str, Meta(min_length=1, max_length=63, pattern=f"^{_DNS}$")]
KindName = Annotated[str, Meta(min_length=1, max_length=63, pattern="^[A-Z][A-Za-z0-9]*$")]
LabelKey = Annotated[
    str, Meta(min_length=1, max_length=317, pattern=rf"^({_DNS}(\.{_DNS})*/)?{_LABEL}$")
]
LabelValue = Annotated[str, Meta(max_length=63, pattern=f"^({_LABEL})?$")]
UidText = Annotated[str, Meta(min_length=1, max_length=128)]
Digest = Annotated[str, Meta(min_length=71, max_length=71, pattern="^sha256:[0-9a-f]{64}$")]
UnitText = Annotated[str, Meta(min_length=1, max_length=64)]
ReasonCode = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[A-Z][A-Za-z0-9]*$")]
Message = Annotated[str, Meta(max_length=1024)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
# The API server turns bounds of numbers into int64 in places, so they stay below 2^63 (1.36.3).
Number = Annotated[float, Meta(ge=-1e18, le=1e18)]
Amount = Annotated[float, Meta(ge=0, le=1e18)]
Share = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A part of a spec or of metadata; what equals its default is not written."""


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a status; written whole, so that a merge patch clears what is gone."""


class OwnerReference(Value, frozen=True, kw_only=True):
    """The owner of an object."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False
    block_owner_deletion: bool = False


class ObjectMeta(Value, frozen=True, kw_only=True):
    """The metadata that we read or write; everything else is left to the API server."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()


class Truth(StrEnum):
    """The status of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Report, frozen=True, kw_only=True):
    """One aspect of an object's state, as metav1.Condition."""

    type: ReasonCode
    status: Truth
    reason: ReasonCode
    last_transition_time: Moment
    message: Message = ""
    observed_generation: Count = 0


Conditions = Annotated[
    tuple[Condition, ...],
    Meta(
        max_length=16,
        description="The latest observations of the object's state.",
        extra_json_schema={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    ),
]


class WorkloadName(Value, frozen=True, kw_only=True):
    """The controller of interchangeable pods, in the namespace that goes without saying."""

    kind: KindName
    name: ObjectName


class Gain(Value, frozen=True, kw_only=True):
    """An amount of the objective, in its unit."""

    value: Number
    unit: UnitText


def written(text: str) -> Any:
    """A default that is written out all the same."""
    return msgspec.field(default_factory=lambda: text)


def keyed(*keys: str) -> dict[str, object]:
    """Marks a list of objects as a map by some of their fields."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def unique() -> dict[str, object]:
    """Marks a list of scalars as a set."""
    return {"x-kubernetes-list-type": "set"}


def rules(*pairs: tuple[str, str]) -> dict[str, object]:
    """CEL rules that the API server checks, each with the message of its refusal."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": text} for rule, text in pairs]}
