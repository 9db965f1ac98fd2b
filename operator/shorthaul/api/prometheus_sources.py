"""The part of a FlowSource that reads bytes from a Prometheus-compatible engine."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from shorthaul.api.engines import ENGINE_RULES, EngineAddress, TlsFolder, TokenFile
from shorthaul.api.metric_profiles import Conditions, MetricProfile
from shorthaul.api.objects import Value, rules


class ByteProfile(StrEnum):
    """The profiles that come with Shorthaul and count bytes."""

    NETOBSERV = "netobserv"
    OBI = "obi"
    BEYLA = "beyla"
    ISTIO = "istio"
    LINKERD = "linkerd"
    RETINA = "retina"
    COROOT = "coroot"
    KUBESKOOP = "kubeskoop"


_RULES = (
    (
        "has(self.profile) != has(self.ownProfile)",
        "give one of profile and ownProfile",
    ),
    *ENGINE_RULES,
)


class PrometheusMetrics(Value, frozen=True, kw_only=True):
    """Counters of bytes in Prometheus, Thanos, Mimir or VictoriaMetrics, asked window by window."""

    address: EngineAddress
    profile: Annotated[
        ByteProfile | None, Meta(description="Whose metrics they are, if a profile knows them.")
    ] = None
    own_profile: Annotated[
        MetricProfile | None, Meta(description="Which metrics and labels, if no profile does.")
    ] = None
    where: Conditions = ()
    sampling: Annotated[
        Annotated[float, Meta(ge=1, le=1e9)] | None,
        Meta(description="One of how many is counted, where no metric tells."),
    ] = None
    tls_folder: TlsFolder | None = None
    token_file: TokenFile | None = None
    lag_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            description="How long after its end a window is asked for: longer than the longest "
            "scrape interval and what the engine takes to store.",
        ),
    ] = 60


PrometheusPart = Annotated[PrometheusMetrics, Meta(extra_json_schema=rules(*_RULES))]
