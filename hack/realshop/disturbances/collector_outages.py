"""Collectors die before pods would move: nothing moves, nothing is counted wrong.

The NetObserv agent closes its socket for good when its collector is not there, and the kubelet
starts it again, since the chart's sentinel tells. Until all agents are back, nothing moves either:
most of the traffic is not told. Meanwhile an exporter of our own tells of a known pair, so that the
ledger can be held against what collectors accepted, to the byte.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from realshop import deployments, spools
from realshop.disturbances import changes, findings, ledgers, shifts, stages, victims
from testbed import connections, progress

ROLE = "collector"
AGENTS = "app.kubernetes.io/component=agent"
DOWN_SECONDS = 90.0
COUNTED_SECONDS = 180.0
LEARNING_SECONDS = 180.0
"""Without a move: few windows are known after an outage, and what many a move would gain cannot be
told from nothing yet. Errors are by then what they will be, with a half-life of 3 windows of 10 s.
"""
EXPECTED = (
    *("BytesStale", "FlowsUncovered"),
    *("NothingToGain", "GainTooSmall", "NotYetPersistent", "GainDoesNotPersist"),
)
"""Bytes are stale after 180 s; until then no window has shown the hot pair, or too few have."""


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Heat a pair, and kill all collectors again and again before enough is known of it to move.

    Nothing moves meanwhile, so what crosses then is what crossed before.
    """
    pair = changes.strangers(stage.origin, stage.racks(), stage.hot)
    with ledgers.Exporter(stage.cluster, pair) as exporter:
        stages.heat(stage)
        since = stages.set_policy(stage)
        down = time.time()
        before, kills = stage.crossing_while(
            lambda: victims.keep_dead(stage.cluster, ROLE, DOWN_SECONDS)
        )
        reason = next((word for word in EXPECTED if word in stage.told()), stage.told())
        blind = stage.evictions.since(down)
        progress.say(f"collectors were killed {kills} times and may come back")
        back = time.time()
        _await(stage, spools.COLLECTORS, "all collectors")
        _await(stage, AGENTS, "all agents")
        unheard = stage.evictions.since(back)
        stages.rest(stage, since, quiet=LEARNING_SECONDS)
    stages.whole(stage)
    yield findings.at_least("collectors killed", stage.cluster.layout.node_count, kills)
    yield findings.none(f"evictions in the {back - down:.0f} s without them", len(blind))
    yield findings.none("evictions before all agents were back", len(unheard))
    yield findings.one_of("why nothing moves, as the policy tells", EXPECTED, reason)
    yield findings.at_least("evictions after they are back", 1, len(stage.evictions.since(back)))
    yield shifts.closed(stage, before)
    yield from _counts(stage, pair, exporter.sent)


def _await(stage: stages.Stage, label: str, what: str) -> None:
    """Wait until a pod of each node is ready again; a kubelet may put that off for 5 minutes."""
    client, count = stage.cluster.client, stage.cluster.layout.node_count
    client.wait_for(
        lambda: sum(map(deployments.is_ready, client.list("pods", labels=label))) == count,
        timeout_seconds=stage.times.settling,
        what=f"{what} to be ready again",
    )


def _counts(stage: stages.Stage, pair: tuple[str, str], sent: int) -> Iterator[findings.Check]:
    """Hold the ledger against the collectors' windows, when all of those have been read."""
    deadline, found = time.monotonic() + COUNTED_SECONDS, (0, -1)
    while found[0] != found[1] and time.monotonic() < deadline:
        time.sleep(stages.LOOK_SECONDS)
        try:
            accepted = ledgers.accepted(stage.cluster, ledgers.TRUE_DOMAIN)
            found = accepted, ledgers.counted(stage.cluster, pair)
        except (OSError, connections.Unreachable):
            continue
    accepted, counted = found
    yield findings.same(
        f"bytes of a known pair in the ledger ({sent:,} told)", f"{accepted:,}", f"{counted:,}"
    )
    yield findings.at_least("of these bytes, accepted by collectors", 1, accepted)
    yield findings.at_most("accepted, of told", 1, accepted / max(sent, 1))
    yield findings.same("the ledger's own check", True, ledgers.is_sound(stage.cluster))
