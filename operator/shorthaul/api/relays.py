"""Where a Hubble Relay is, and by which certificates it is spoken to."""

from typing import Annotated

from msgspec import Meta

from shorthaul.api.addresses import host_and_port
from shorthaul.api.objects import Value
from shorthaul.api.paths import absolute_path

RelayAddress = Annotated[
    str,
    host_and_port(
        "Host and port, such as hubble-relay.kube-system.svc.cluster.local:80; port 443 with TLS.",
    ),
]


class RelayTls(Value, frozen=True, kw_only=True):
    """TLS with the certificates of a mounted Secret."""

    folder: Annotated[
        str,
        absolute_path(
            "folder",
            "Absolute path of a folder with ca.crt and, for mutual TLS, tls.crt and "
            "tls.key, such as a mounted copy of Cilium's Secret hubble-relay-client-certs.",
        ),
    ]
    server_name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=253,
            pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$",
            description="The name that the server's certificate has to be for. Cilium makes "
            "Relay's for *.hubble-relay.cilium.io, and agents' for "
            "*.CLUSTER.hubble-grpc.cilium.io.",
        ),
    ] = "shorthaul.hubble-relay.cilium.io"


RelayEncryption = Annotated[
    RelayTls | None, Meta(description="Without it the connection is in the clear.")
]
