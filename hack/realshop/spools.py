"""What the collectors of a cluster serve: the list of their windows, and each window's lines."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Mapping
from typing import Any

from realnodes import clusters
from realshop import installs, visits

COLLECTORS = "app.kubernetes.io/component=collector"
COMPRESSED = b"\x1f\x8b"
Pod = dict[str, Any]


class Unheard(OSError):
    """A collector did not answer; the message is one line."""


def collectors(cluster: clusters.Cluster) -> list[Pod]:
    """Return the collectors that have an address."""
    found = cluster.client.list("pods", installs.NAMESPACE, labels=COLLECTORS)
    return [pod for pod in found if pod.get("status", {}).get("podIP")]


def windows(cluster: clusters.Cluster, collector: Pod) -> list[Mapping[str, Any]]:
    """Return what a collector lists of the windows that it has closed; raises Unheard."""
    return list(json.loads(_ask(cluster, collector, "/windows"))["windows"])


def lines(cluster: clusters.Cluster, collector: Pod, window: Mapping[str, Any]) -> list[bytes]:
    """Return the lines of a window, a record each; raises Unheard."""
    content = _ask(cluster, collector, f"/windows/{window['start_ms']}")
    if content.startswith(COMPRESSED):
        content = gzip.decompress(content)
    return content.splitlines()


def _ask(cluster: clusters.Cluster, collector: Pod, path: str) -> bytes:
    try:
        return visits.get(cluster, collector, installs.SPOOL_PORT, path)
    except (OSError, http.client.HTTPException) as error:
        raise Unheard(f"{path} of {collector['metadata']['name']}: {error}") from error
