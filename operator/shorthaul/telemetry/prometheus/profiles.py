"""What a project's metric says of traffic, as data: counters, unit, and the labels of both ends.

A profile is checked when it is read, so that a query made from it cannot be malformed: names are
names, and values are quoted. Nothing of a profile's text goes into a query unquoted.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Literal, TypeVar

import msgspec
import yaml

from shorthaul.errors import BadInput

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,199}\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,199}\Z")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
LARGEST_FILE_BYTES = 1 << 20
MOST_METRICS = 8
MOST_OUTSIDE = 4
_BUILTIN = "builtin_profiles.yaml"
_Kind = TypeVar("_Kind", bound=msgspec.Struct)


class Counted(StrEnum):
    """What a counter counts; two are never added."""

    BYTES = "bytes"
    PACKETS = "packets"
    REQUESTS = "requests"
    FLOWS = "flows"


class Matcher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on a label, as in PromQL."""

    label: str
    value: str
    match: Literal["=", "!=", "=~", "!~"] = msgspec.field(name="is", default="=")


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The labels that name one end.

    Either a workload (`namespace` and `name`, with `kind` where a label tells it, or `kinds`: a
    label for each kind), or a `pod` in a `namespace`, or a `container` as in
    /k8s/NAMESPACE/POD/CONTAINER, or an `address` with or without port. `outside` are labels that
    tell of an end which these do not name: its address, its CIDR, or the name of a place.
    """

    namespace: str = ""
    name: str = ""
    kind: str = ""
    kinds: dict[str, str] = {}
    pod: str = ""
    container: str = ""
    address: str = ""
    outside: tuple[str, ...] = ()

    @property
    def naming(self) -> tuple[str, ...]:
        """Those that tell that an end is of the cluster."""
        return tuple(filter(None, (self.name, self.pod, self.container, *self.kinds.values())))

    @property
    def telling_outside(self) -> tuple[str, ...]:
        """Those that tell of an end outside, the surest first."""
        return (*filter(None, [self.address]), *self.outside)

    @property
    def labels(self) -> tuple[str, ...]:
        """All of them, the one that splits best first."""
        named = (self.namespace, self.container, self.address, self.name, self.kind, self.pod)
        return tuple(filter(None, (*named, *self.kinds.values(), *self.outside)))


class Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of how many is counted: a number, or a metric that tells it, of some agents only."""

    factor: float = 1.0
    metric: str = ""
    where: tuple[Matcher, ...] = ()


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to read traffic from metrics.

    The metrics are added up, so they count different things. `one_side` says why nothing is counted
    at both ends; where reporters at both ends count a pair of ends whole, `reporters` are the
    labels that tell them apart, and the largest count is taken.
    """

    name: str
    metrics: tuple[str, ...]
    unit: Counted
    one_side: str
    source: End
    destination: End
    about: str = ""
    where: tuple[Matcher, ...] = ()
    reporters: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()
    sampling: Sampling = Sampling()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that name both ends, without repeats."""
        return tuple(dict.fromkeys((*self.source.labels, *self.destination.labels)))


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Profile, ...]
    without: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Book:
    """Profiles by name, and what has none, with the reason."""

    profiles: Mapping[str, Profile]
    without: Mapping[str, str]

    def profile(self, name: str) -> Profile:
        """The profile of a name; raises BadInput."""
        if name in self.profiles:
            return self.profiles[name]
        if name in self.without:
            raise BadInput(f"there is no profile {name}: {self.without[name]}")
        there = ", ".join(sorted(self.profiles))
        raise BadInput(f"there is no profile {name!r}; there are {there}, or give a YAML file")


def builtin() -> Book:
    """The profiles that come with the package."""
    return read_book(resources.files(__package__).joinpath(_BUILTIN).read_bytes(), _BUILTIN)


def read_book(text: bytes, where: str) -> Book:
    """Profiles of a YAML text; raises BadInput with the field at fault."""
    found = convert(text, where, _Book)
    profiles = {profile.name: profile for profile in found.profiles}
    if len(profiles) < len(found.profiles):
        raise BadInput(f"{where}: two profiles have the same name; rename one")
    for profile in found.profiles:
        _check(profile, f"{where}: profile {profile.name}")
    return Book(profiles, found.without)


def read_profile(text: bytes, where: str) -> Profile:
    """One profile of a YAML text; raises BadInput with the field at fault."""
    return checked(convert(text, where, Profile), where)


def checked(profile: Profile, where: str) -> Profile:
    """The same profile; raises BadInput when a query made from it could be malformed."""
    _check(profile, where)
    return profile


def narrowed(profile: Profile, conditions: Iterable[str]) -> Profile:
    """The profile for series with some labels only, each given as LABEL=VALUE; raises BadInput."""
    matchers = []
    for condition in conditions:
        label, equals, value = condition.partition("=")
        if not equals or not _LABEL.match(label):
            raise BadInput(f"--where {condition!r} is no LABEL=VALUE, such as cluster=prod")
        matchers.append(Matcher(label, value))
    return with_conditions(profile, matchers)


def with_conditions(profile: Profile, conditions: Iterable[Matcher]) -> Profile:
    """The profile for series that meet more conditions.

    What they sample with is asked of the same: agents of other clusters do not matter here.
    """
    replace, told, more = msgspec.structs.replace, profile.sampling, tuple(conditions)
    sampling = replace(told, where=(*told.where, *more))
    return replace(profile, where=(*profile.where, *more), sampling=sampling)


def within(profile: Profile) -> Profile:
    """The profile without what tells of ends outside: fewer pairs of ends where none has a name."""
    replace = msgspec.structs.replace
    source, destination = (replace(e, outside=()) for e in (profile.source, profile.destination))
    return replace(profile, source=source, destination=destination)


def convert(text: bytes, where: str, kind: type[_Kind]) -> _Kind:
    """A YAML text as values of a kind; raises BadInput with the field at fault."""
    if len(text) > LARGEST_FILE_BYTES:
        raise BadInput(f"{where}: {len(text):,} bytes are more than {LARGEST_FILE_BYTES:,}")
    try:
        return msgspec.convert(yaml.safe_load(text), kind)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: {error}; docs/prometheus.md tells the fields") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"{where}: no YAML ({' '.join(str(error).split())[:200]})") from error


def _check(profile: Profile, where: str) -> None:
    if not _NAME.match(profile.name):
        raise BadInput(f"{where}: name {profile.name!r} has other than a-z, 0-9 and inner dashes")
    if not 1 <= len(profile.metrics) <= MOST_METRICS:
        raise BadInput(f"{where}: {len(profile.metrics)} metrics; give 1 to {MOST_METRICS}")
    if len(set(profile.metrics)) < len(profile.metrics):
        raise BadInput(f"{where}: a metric is there twice and would be counted twice")
    if not profile.one_side.strip():
        raise BadInput(f"{where}: one_side is empty; say why nothing is counted at both ends")
    for metric in (*profile.metrics, *filter(None, [profile.sampling.metric])):
        if not _METRIC.match(metric):
            raise BadInput(f"{where}: {metric!r} is no name of a metric")
    conditions = (each.label for each in (*profile.where, *profile.sampling.where))
    for label in (*profile.labels, *profile.reporters, *conditions):
        if not _LABEL.match(label):
            raise BadInput(f"{where}: {label!r} is no name of a label")
    if not (profile.sampling.factor >= 1 and profile.sampling.factor < 1e9):
        raise BadInput(f"{where}: sampling.factor {profile.sampling.factor} is not from 1 to 1e9")
    for side, end in (("source", profile.source), ("destination", profile.destination)):
        _check_end(end, f"{where}: {side}")


def _check_end(end: End, where: str) -> None:
    ways = [bool(end.name or end.kinds), bool(end.pod), bool(end.container), bool(end.address)]
    if sum(ways) != 1 or (end.name and end.kinds):
        raise BadInput(f"{where}: give one of name, kinds, pod, container, address")
    if (ways[0] or ways[1]) and not end.namespace:
        raise BadInput(f"{where}: no label for the namespace")
    if len(end.outside) > MOST_OUTSIDE:
        raise BadInput(f"{where}: {len(end.outside)} labels outside; give at most {MOST_OUTSIDE}")
    if end.kind and not end.name:
        raise BadInput(f"{where}: kind is of use beside name only")
