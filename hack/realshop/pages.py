"""The page of results in the documents, made from the files that runs wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from realnodes import layouts
from realshop import outcomes, scenarios, tables

HEAD = """# Real nodes, real bytes

Made by `hack/realcluster report` from the files that `hack/realcluster loop` and `compare` wrote.
Every node is a real kubelet, containerd and kube-proxy in namespaces of its own; pods speak HTTP
over TCP through Services. Bytes between racks are those of the uplinks' interface counters, and
latencies are the pods' own histograms, timed from when each call was due. Nothing of Shorthaul is
asked but what it promised. The machine is shared and has two cores: compare, do not quote.

Time to settle is from the change, when whoever places was let loose, until what crosses stays near
what it is in the end; near is within a tenth of what crossed before.

The least is of payload; headers and acknowledgements of small calls cross beside it. A pod that
ended without a last word was not heard while it drained: calls of its last moment are in no sum.
"""


def by_shop(found: Iterable[outcomes.Outcome]) -> Iterator[tuple[str, list[outcomes.Outcome]]]:
    """Yield what each shop and network is called and its outcomes, in the order of scenarios."""
    order = {one.name: number for number, one in enumerate(scenarios.ALL)}
    for name, group in groupby(sorted(found, key=_shop), key=_shop):
        yield name, sorted(group, key=lambda one: order[one.scenario])


def page(found: Iterable[outcomes.Outcome], figures: Mapping[str, str]) -> str:
    """Return the page as Markdown; figures are by the name of the shop."""
    parts = [HEAD]
    for name, same in by_shop(found):
        parts.append(f"## {name}\n")
        if len(same) > 1:
            parts.append(f"{tables.compared(same)}\n")
        if name in figures:
            parts.append(f"![What crosses over time, and what calls take]({figures[name]})\n")
        for one in same:
            what = scenarios.named(one.scenario).what
            parts.append(f"### {what[0].upper()}{what[1:]}\n\n{tables.one(one)}\n")
    return "\n".join(parts)


def _shop(one: outcomes.Outcome) -> str:
    stores = f", {one.stores} stores" if one.stores else ""
    network = "" if one.cni == layouts.CNIS[0] else f", {one.cni}"
    rate = tables.unusual_rate(one)
    return f"Shop {one.seed}{stores}{f', {rate}' if rate else ''}{network}"
