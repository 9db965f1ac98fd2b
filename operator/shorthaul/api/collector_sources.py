"""The part of a FlowSource that names collectors of NetFlow and IPFIX."""

from typing import Annotated

from msgspec import Meta

from shorthaul.api.addresses import host_and_port
from shorthaul.api.objects import Value
from shorthaul.api.paths import absolute_path


class CollectorTls(Value, frozen=True, kw_only=True):
    """TLS with the certificates of a mounted Secret."""

    folder: Annotated[
        str,
        absolute_path(
            "folder",
            "Absolute path of a folder with ca.crt and, where the collector asks for a "
            "certificate, tls.crt and tls.key.",
        ),
    ]
    server_name: Annotated[
        str,
        Meta(
            max_length=253,
            pattern=r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)?$",
            description="The name that the collector's certificate has to be for; without, the "
            "host of the address.",
        ),
    ] = ""


class Collector(Value, frozen=True, kw_only=True):
    """Shorthaul's own collectors of NetFlow and IPFIX, which spool what exporters told."""

    address: Annotated[
        str,
        host_and_port(
            "Host and port that collectors serve their windows on; each address of the "
            "host's name is a collector of its own, and all of them are read.",
        ),
    ]
    tls: Annotated[
        CollectorTls | None, Meta(description="Without it the connection is in the clear.")
    ] = None
    sampling: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="One of how many packets is counted, where a record does not tell.",
        ),
    ] = 1
    longest_flow_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=3_000,
            description="The longest that exporters hold a flow back (their active timeout).",
        ),
    ] = 300
    least_coverage_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Of how many of the cluster's nodes the exporters have to be heard, else "
            "nothing is planned; 0 where exporters are not on nodes.",
        ),
    ] = 0
