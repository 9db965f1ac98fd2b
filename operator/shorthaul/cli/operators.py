"""`shorthaul operator`: the long-running process, with one option per setting."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click

from shorthaul.cli import logs
from shorthaul.cli.setting_options import setting
from shorthaul.errors import BadInput
from shorthaul.settings import Settings

HELP: Mapping[str, str] = {
    "namespace": "the operator's own namespace, which carries the kill switch",
    "probe_namespace": "where pods are asked for as dry runs to prove that hints work",
    "identity": "name in the Lease; each process adds a part of its own",
    "kubeconfig": "kubeconfig file; inside a pod its ServiceAccount is used",
    "window_seconds": "length of a traffic window",
    "half_life_windows": "windows after which traffic counts half",
    "kept_windows": "windows that are kept",
    "persistence_windows": "windows in each of which a gain has to hold",
    "verification_windows": "windows after a plan that its promise is checked in",
    "least_gain_percent": "least gain of a plan in percent of the present cost",
    "cluster_concurrent": "moves in flight at once in the whole cluster",
    "landing_seconds": "how long a move may take before and after its eviction",
    "hint_margin_seconds": "wait after a hint is seen, for other API servers; 0 where there is one",
    "approval_seconds": "how long a proposed plan may be approved",
    "history_seconds": "how long ended plans and moves are kept",
    "tick_seconds": "pause between two cycles",
    "lease_seconds": "how long a leader that is not heard keeps the Lease",
    "renew_seconds": "how long a leader trusts its own renewal",
    "retry_seconds": "pause between two tries for the Lease",
    "unready_nodes_percent": "nothing moves while more nodes than this are not ready",
    "solve_seconds": "longest time that one plan may take",
    "latency_seconds": "least pause between two readings of what a Topology wants measured",
    "seed": "seed of the search",
    "map_edges": "heaviest edges of the traffic map that metrics show by name, 0 for none",
    "ledger": "file that bytes of collectors are counted in for good; none without it",
    "settle_seconds": "longest that news of a pod's address may take; who held one is known after",
    "health_port": "port of /healthz, 0 for none",
    "metrics_port": "port of /metrics, /map.json and /map.graphml, 0 for none",
    "address": "address that health and metrics listen on",
}


@click.command(
    "operator",
    epilog="\b\nExamples:\n"
    "  shorthaul operator --kubeconfig ~/.kube/config --log-level debug\n"
    "  shorthaul operator --window-seconds 30 --log-format json",
)
@logs.options
def command(log_format: str, log_level: str, **given: Any) -> int:
    """Run the operator: watch the cluster, plan, and move pods as AffinityPolicies allow.

    Without a policy it changes nothing. It stops at SIGTERM, and at once when it loses the Lease.
    """
    logs.start(log_format, log_level)
    from shorthaul import process
    from shorthaul.kube.leases import LeadershipLost

    ended = ""
    try:
        process.run(Settings(**given))
    except* OSError as failed:
        ended = f"cannot listen on {given['address']}: {failed.exceptions[0]}"
    except* LeadershipLost as lost:
        ended = str(lost.exceptions[0])
    if ended:  # raised within except*, Python before 3.11.4 puts it in a group (gh-103590)
        raise BadInput(ended)
    return 0


for _field in fields(Settings):
    setting(_field.name, _field.default, HELP[_field.name])(command)
