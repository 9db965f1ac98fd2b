"""What is asked for round trips between nodes: a histogram that a profile knows, or one's own.

A histogram is asked for its median. An own query answers one number for each pair of nodes and
direction, in seconds; how it comes to it is the user's business.
"""

from collections.abc import Mapping
from importlib import resources

import msgspec

from shorthaul.api.latency_sources import RoundTripSource
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.chosen_profiles import matchers
from shorthaul.telemetry.prometheus.profiles import Matcher, convert

_BUILTIN = "builtin_round_trips.yaml"


class Histogram(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A histogram of seconds, by its name without _bucket, and the labels of both ends."""

    metric: str
    source: str
    destination: str
    name: str = ""
    about: str = ""
    where: tuple[Matcher, ...] = ()


class OwnQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A query as it is, and the labels of both ends in its answer."""

    query: str
    source: str
    destination: str


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Histogram, ...]


def builtin() -> Mapping[str, Histogram]:
    """The histograms that come with the package, by the name of their profile."""
    text = resources.files(__package__).joinpath(_BUILTIN).read_bytes()
    return {each.name: each for each in convert(text, _BUILTIN, _Book).profiles}


def asked_of(part: RoundTripSource) -> Histogram | OwnQuery:
    """What a Topology wants to be asked; raises BadInput when it names nothing."""
    if part.own_query is not None:
        own = part.own_query
        return OwnQuery(query=own.query, source=own.source, destination=own.destination)
    if part.own_histogram is not None:
        given = part.own_histogram
        found = Histogram(metric=given.metric, source=given.source, destination=given.destination)
    elif part.profile is not None:
        found = builtin()[part.profile.value]
    else:
        raise BadInput("none of profile, ownHistogram and ownQuery is given; name one")
    return msgspec.structs.replace(found, where=(*found.where, *matchers(part.where)))
