"""Which versions the test bed runs, in one place.

They are part of the cache's keys, so changing one here builds that part again and leaves the rest.
Only Kubernetes is the user's to choose, because operators must work on several of its versions.
"""

from __future__ import annotations

import os
import re

ETCD = "3.6.8"
KWOK = "0.8.0"
HELM = "3.22.0"
CILIUM = "1.20.2"
GOFLOW2 = "2.2.6"
CONTAINERD = "2.3.7"
CNI_PLUGINS = "1.9.1"
COREDNS = "1.15.0"
NETOBSERV_AGENT = "0.3.1"
DESCHEDULER = "0.35.1"
DEFAULT_KUBERNETES = "1.36.3"
KUBERNETES_VARIABLE = "SHORTHAUL_KUBERNETES"


def kubernetes() -> str:
    """Return the version of Kubernetes asked for by the environment, or the default."""
    asked = os.environ.get(KUBERNETES_VARIABLE) or DEFAULT_KUBERNETES
    version = asked.removeprefix("v")
    if not re.fullmatch(r"1\.\d+\.\d+", version):
        raise ValueError(
            f"{KUBERNETES_VARIABLE}={asked} is not a version like {DEFAULT_KUBERNETES}"
        )
    return version


def minor(kubernetes_version: str) -> int:
    """Return 36 for 1.36.3."""
    return int(kubernetes_version.split(".")[1])
