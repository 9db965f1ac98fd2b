"""The test bed's client, for an API server that only exists inside a network namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from realnodes import layouts, namespaces
from testbed import clients, connections, credentials


@dataclass(frozen=True)
class InnerEndpoint(connections.Endpoint):
    """An API server in a network namespace; each request steps into it and out again."""

    namespace: str = ""

    def send(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Send a request from inside the namespace."""
        with namespaces.inside(self.namespace):
            return connections.Endpoint.send(self, method, path, body, **more)


def administrator(layout: layouts.Layout) -> clients.Client:
    """Return a client that may do everything in a cluster."""
    outer = clients.from_kubeconfig(layout.kubeconfig).endpoint
    return clients.Client(
        InnerEndpoint(
            server=outer.server,
            token=outer.token,
            authority=outer.authority,
            namespace=layout.fabric,
        )
    )


def write_kubeconfig(layout: layouts.Layout, user: str, token: str) -> None:
    """Write the kubeconfig of a user or component."""
    credentials.write_kubeconfig(
        layout.kubeconfig_of(user),
        server=layout.server,
        token=token,
        authority=layout.authority.read_bytes(),
    )
