"""One HTTP request to a pod, from where the API server is: not over the links between racks."""

from __future__ import annotations

import http.client

from realnodes import clusters, namespaces

SECONDS = 10


def get(cluster: clusters.Cluster, address: str, port: int, path: str) -> bytes:
    """Return what a pod answers; raises OSError or HTTPException."""
    with namespaces.inside(cluster.layout.fabric):
        connection = http.client.HTTPConnection(address, port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()
