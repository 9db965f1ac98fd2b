"""The profile that a FlowSource names or brings along, narrowed as it asks for."""

from collections.abc import Iterable

from shorthaul.api.metric_profiles import EndLabels, LabelCondition, MetricProfile
from shorthaul.api.prometheus_sources import PrometheusMetrics
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.profiles import (
    Counted,
    End,
    Matcher,
    Profile,
    builtin,
    checked,
    with_conditions,
)

OWN_NAME = "own"


def profile_of(part: PrometheusMetrics) -> Profile:
    """The profile of a FlowSource; raises BadInput for one that cannot be used."""
    if part.own_profile is not None:
        profile = checked(_own(part.own_profile), "ownProfile")
    elif part.profile is not None:
        profile = builtin().profile(part.profile.value)
    else:
        raise BadInput("neither profile nor ownProfile is given; name one")
    return checked(with_conditions(profile, matchers(part.where)), "where")


def _own(given: MetricProfile) -> Profile:
    return Profile(
        name=OWN_NAME,
        metrics=given.metrics,
        unit=Counted.BYTES,
        one_side=given.one_side,
        source=_end(given.source),
        destination=_end(given.destination),
        where=matchers(given.where),
        reporters=given.reporters,
        nobody=given.nobody,
    )


def _end(given: EndLabels) -> End:
    return End(
        namespace=given.namespace or "",
        name=given.name or "",
        kind=given.kind or "",
        kinds=dict(given.kinds),
        pod=given.pod or "",
        container=given.container or "",
        address=given.address or "",
        outside=given.outside,
    )


def matchers(conditions: Iterable[LabelCondition]) -> tuple[Matcher, ...]:
    """A spec's conditions as those of a query."""
    return tuple(Matcher(each.label, each.value, each.match.value) for each in conditions)
