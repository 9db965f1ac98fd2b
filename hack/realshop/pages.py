"""The page of results in the documents, made from the files that runs wrote."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from realshop import outcomes, scenarios, tables

HEAD = """# Real nodes, real bytes

Made by `hack/realcluster report` from the files that `hack/realcluster loop` and `compare` wrote.
Every node is a real kubelet, containerd and kube-proxy in namespaces of its own; pods speak HTTP
over TCP through Services. Bytes between racks are those of the uplinks' interface counters, and
latencies are the pods' own histograms, timed from when each call was due. Nothing of Shorthaul is
asked but what it promised. The machine is shared and has two cores: compare, do not quote.

The least is of payload; headers and acknowledgements of small calls cross beside it. A pod that
ended without a last word was not heard while it drained: calls of its last moment are in no sum.
"""


def page(found: Sequence[outcomes.Outcome]) -> str:
    """Return the page as Markdown."""
    order = {one.name: number for number, one in enumerate(scenarios.ALL)}
    listed = sorted(found, key=lambda one: (one.seed, order.get(one.scenario, len(order))))
    parts = [HEAD]
    for seed, group in groupby(listed, key=lambda one: one.seed):
        same = list(group)
        parts.append(f"## Shop {seed}\n")
        if len(same) > 1:
            parts.append(f"{tables.compared(same)}\n")
        for one in same:
            what = scenarios.named(one.scenario).what
            parts.append(f"### {what[0].upper()}{what[1:]}\n\n{tables.one(one)}\n")
    return "\n".join(parts)
