"""The part of a FlowSource that reads bytes from a Prometheus-compatible engine."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from shorthaul.api.metric_profiles import Conditions, MetricProfile
from shorthaul.api.objects import Value, rules
from shorthaul.api.paths import absolute_path


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


_LOOPBACK = r"^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/.*)?$"
_RULES = (
    (
        "has(self.profile) != has(self.ownProfile)",
        "give one of profile and ownProfile",
    ),
    (
        f"!has(self.tokenFile) || self.address.startsWith('https://') "
        f"|| self.address.matches('{_LOOPBACK}')",
        "with a token the address has to be https, else it travels in the clear",
    ),
    (
        "!has(self.tlsFolder) || self.address.startsWith('https://')",
        "certificates are of use with https only",
    ),
)


class PrometheusMetrics(Value, frozen=True, kw_only=True):
    """Counters of bytes in Prometheus, Thanos, Mimir or VictoriaMetrics, asked window by window."""

    address: Annotated[
        str,
        Meta(
            min_length=8,
            max_length=1024,
            pattern=r"^https?://[^@?#\s]+$",
            description="Such as http://prometheus.monitoring.svc:9090; without a password in it.",
        ),
    ]
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
    tls_folder: (
        Annotated[
            str,
            absolute_path(
                "tlsFolder",
                "Absolute path of a folder with ca.crt and, for mutual TLS, tls.crt and tls.key.",
            ),
        ]
        | None
    ) = None
    token_file: (
        Annotated[
            str,
            absolute_path(
                "tokenFile",
                "Absolute path of a file with a bearer token, read anew for each query.",
            ),
        ]
        | None
    ) = None
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
