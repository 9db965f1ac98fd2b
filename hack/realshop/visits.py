"""One HTTP request to a pod, from the node it is on: not over links, and past network policies.

A node may always speak to its own pods, as its kubelet does for probes; Cilium enforces the chart's
policies against everybody else.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any

from realnodes import clusters, namespaces

SECONDS = 10


def get(cluster: clusters.Cluster, pod: Mapping[str, Any], port: int, path: str) -> bytes:
    """Return what a pod with an address answers; raises OSError or HTTPException."""
    node = cluster.layout.node(pod["spec"]["nodeName"])
    with namespaces.inside(cluster.layout.namespace(node)):
        connection = http.client.HTTPConnection(pod["status"]["podIP"], port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()
