"""The descheduler of the Kubernetes SIGs on the shop, as its own chart installs it.

The profile is the chart's default. Two things are not: it runs as a Deployment, and comes every
half minute instead of every few, because a run has minutes. What it evicts is counted by the pods
that are gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from realnodes import clusters
from realshop import deployments, images, installs, outcomes, watchers
from testbed import gobuilds, progress, recipes

RELEASE = "descheduler"
NAMESPACE = "kube-system"
INTERVAL_SECONDS = 30
LEAST_PASSES = 3
LOOK_SECONDS = 1.0


@dataclass(slots=True)
class Replacements:
    """Which of the pods that were ever seen are gone or going."""

    seen: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    first: float | None = None
    last: float | None = None

    def look(self, found: Iterable[dict[str, Any]], now: float) -> None:
        """Take the pods that there are at a moment."""
        staying = {
            pod["metadata"]["uid"] for pod in found if "deletionTimestamp" not in pod["metadata"]
        }
        self.seen |= staying
        missing = self.seen - staying
        if missing - self.gone:
            self.last = now
            self.first = self.first or now
        self.gone = missing


def values(image: images.Image) -> dict[str, Any]:
    """Return what is not as in the chart."""
    return {
        "kind": "Deployment",
        "deschedulingInterval": f"{INTERVAL_SECONDS}s",
        "image": {"repository": image.repository, "tag": image.tag, "pullPolicy": "Never"},
        "command": list(image.start.entry_point),
        "resources": installs.SMALL,
    }


def install(cluster: clusters.Cluster, image: images.Image) -> None:
    """Install the descheduler from the chart of its module."""
    chart = gobuilds.build(recipes.descheduler()) / "chart"
    installs.helm_install(cluster, RELEASE, chart, NAMESPACE, values(image))


def followed(
    cluster: clusters.Cluster, watcher: watchers.Watcher, quiet: float, limit: float
) -> outcomes.Moving:
    """Let it come a few times, until it rests, and return what it did and cost."""
    told, unheard = watcher.total(), watcher.unheard()
    watcher.breaches.clear()
    began, found = time.time(), Replacements()
    least = LEAST_PASSES * INTERVAL_SECONDS
    while time.time() < began + limit:
        time.sleep(LOOK_SECONDS)
        found.look(deployments.pods(cluster), time.time())
        if time.time() > max(began + least, (found.last or began) + quiet):
            break
    else:
        progress.say(f"the descheduler did not rest in {limit:.0f} s")
    spent = watcher.total().since(told)
    return outcomes.Moving(
        evictions=len(found.gone),
        landed=0,
        astray=0,
        seconds=round((found.last or began) - (found.first or began), 1),
        due=spent.due,
        failed=spent.failed,
        failures=spent.failures,
        breaches=len(watcher.breaches),
        unheard=watcher.unheard() - unheard,
        later_evictions=0,
        later_seconds=round(time.time() - (found.last or began), 1),
    )
