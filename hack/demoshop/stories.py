"""The demo from beginning to end: a shop, its traffic, the operator, and what came of it.

Waits have limits, so the story ends by itself. It reads the operator through the API only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from demoshop import (
    budgets,
    calls,
    clusters,
    evictions,
    installs,
    measures,
    moves,
    results,
    screens,
    stages,
    truths,
)
from testbed import binaries, clients, nodes, versions

RUNNING_PHASES = ("Approved", "Executing")
OPEN_PHASES = ("", "Proposed", *RUNNING_PHASES)
SHOWN_DIGEST = 19
POLL_SECONDS = 0.5
CHILDREN = ("player", "operator")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each part may take, in seconds."""

    warm_up: float = 2.0
    before: float = 12.0
    quiet: float = 16.0
    settle: float = 3.0
    moving: float = 110.0


@dataclass(slots=True)
class Story:
    """One run of the demo."""

    stage: stages.Stage
    screen: screens.Screen
    limits: Limits = field(default_factory=Limits)
    pace: installs.Pace = field(default_factory=installs.Pace)
    seed: int = 1
    began: float = field(default_factory=time.monotonic)
    approved: set[str] = field(default_factory=set)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)

    def tell(self) -> results.Result:
        """Run everything and return what was measured."""
        objects = clusters.shop_objects()
        client = self._bring_up(objects)
        witness = budgets.Witness(budgets.read(objects))
        witness.start(client.endpoint)
        played_from = self._play(client)
        follower = self._start_operator(client)
        quiet = self._watch(client, follower)
        follower.silent = True
        return self._sum_up(client, witness, follower, (played_from, quiet))

    def _bring_up(self, objects: list[dict[str, Any]]) -> clients.Client:
        screen = self.screen
        screen.heading("A real control plane, thirty kwok nodes, a shop")
        if not binaries.present(binaries.ALL):
            screen.say("building the control plane from published Go modules, once")
        binaries.find_all(binaries.ALL)
        with screen.step("etcd, kube-apiserver, controller-manager, scheduler, kwok") as details:
            client = self.stage.start()
            details.append(f"Kubernetes {versions.kubernetes()}")
        with screen.step("nodes in zones and racks") as details:
            made = list(clusters.shop_nodes())
            nodes.add(client, made)
            racks = {one["metadata"]["labels"][nodes.RACK_LABEL] for one in made}
            zones = {one["metadata"]["labels"][nodes.ZONE_LABEL] for one in made}
            details.append(f"{len(made)} nodes, {len(racks)} racks, {len(zones)} zones")
        with screen.step("the shop, placed by kube-scheduler") as details:
            clusters.deploy(client, objects)
            details.append(self._shop_text(client, objects))
        return client

    def _shop_text(self, client: clients.Client, objects: list[dict[str, Any]]) -> str:
        places = clusters.namespaces(objects)
        pods = [one for one in client.list("pods") if one["metadata"]["namespace"] in places]
        share = clusters.requested_share(client)
        return f"{len(pods)} pods, {len(places)} namespaces, {share:.0%} of cpu requested"

    def _play(self, client: clients.Client) -> float:
        stage = self.stage
        with self.screen.step("the traffic player, one Hubble export file a node") as details:
            stage.run(
                "player",
                "demoshop.player",
                f"--kubeconfig={stage.control_plane.kubeconfig}",
                f"--exports={stage.exports}",
                f"--truth={stage.truth}",
                f"--seed={self.seed}",
                kubeconfig=stage.control_plane.kubeconfig,
            )
            self._wait(
                lambda: sum(1 for _ in truths.read(stage.truth)) >= 2, "traffic", ("player",)
            )
            last = list(truths.read(stage.truth))[-1]
            rate = sum(last.packets.values()) / last.seconds
            details.append(f"{rate:.0f} flows/s between pods")
        return time.time()

    def _start_operator(self, client: clients.Client) -> moves.Follower:
        screen = self.screen
        screen.heading("Shorthaul")
        wanted = installs.policies(self.stage)
        with screen.step("helm install: kinds, rights, admission policies") as details:
            account = installs.install(self.stage, installs.acting_namespaces(wanted))
            details.append(f"to be {installs.NAMESPACE}/{account}")
        with screen.step("FlowSource, Topology, AffinityPolicies") as details:
            client.apply(wanted)
            details.append(_modes(wanted))
        follower = moves.Follower(screen.move)
        follower.start(client.endpoint)
        with screen.step("the operator, with that ServiceAccount's token and nothing more"):
            installs.start_operator(self.stage, account, self.pace)
            self._wait(lambda: _is_heard(client), "the operator to take up the policies", CHILDREN)
        return follower

    def _watch(self, client: clients.Client, follower: moves.Follower) -> bool:
        """Return whether everything had come to rest before the time was over."""
        self.screen.heading("Moves, as they happen")
        windows = f"{self.pace.persistence_windows} windows of {self.pace.window_seconds:g} s"
        with self.screen.console.status(f"a gain has to hold in {windows}; watching"):
            deadline = time.monotonic() + self.limits.moving
            while time.monotonic() < deadline:
                self.stage.check(*CHILDREN)
                self._read_plans(client, follower)
                if self._is_quiet(follower):
                    return True
                time.sleep(POLL_SECONDS)
        state = "no move" if follower.last_change is None else "not at rest"
        self.screen.say(f"{state} after {self.limits.moving:.0f} s, measuring now", "yellow")
        return False

    def _read_plans(self, client: clients.Client, follower: moves.Follower) -> None:
        for plan in client.list("placementplans.shorthaul.dev"):
            self.plans[plan["metadata"]["name"]] = plan
        outcomes = self._outcomes()
        if self._was_approved(outcomes) or any(one.phase in RUNNING_PHASES for one in outcomes):
            return
        for one in outcomes:
            if one.mode == "Propose" and one.phase == "Proposed" and one.name not in self.approved:
                self.approved.add(one.name)
                self._approve(one, follower)

    def _outcomes(self, known: Iterable[moves.Move] = ()) -> list[moves.PlanOutcome]:
        return [moves.outcome(self.plans[name], known) for name in sorted(self.plans)]

    def _was_approved(self, outcomes: list[moves.PlanOutcome]) -> bool:
        """Tell whether a plan that we approved was carried out; one is enough for a demo."""
        return any(one.mode == "Propose" and one.phase == "Done" for one in outcomes)

    def _approve(self, plan: moves.PlanOutcome, follower: moves.Follower) -> None:
        """Approve a plan as a careful person would: when no other one is under way."""
        self.screen.note(
            follower.seconds,
            f"plan {plan.name} waits for approval: {plan.moves} moves",
        )
        try:
            installs.approve(self.stage, plan.name, plan.digest)
        except calls.CallFailed as error:
            self.screen.note(follower.seconds, f"the approval was refused: {error}")
            return
        shown = installs.approval(f"{plan.digest[:SHOWN_DIGEST]}…")
        self.screen.note(
            follower.seconds, f"$ kubectl patch placementplan {plan.name} \\", style="cyan"
        )
        self.screen.note(None, f"    --type=merge -p '{shown}'", style="cyan")

    def _is_quiet(self, follower: moves.Follower) -> bool:
        last = follower.last_change
        if last is None or time.time() < last + self.limits.quiet:
            return False
        outcomes = self._outcomes()
        open_modes = {one.mode for one in outcomes if one.phase in OPEN_PHASES}
        if self._was_approved(outcomes):
            open_modes.discard("Propose")
        verified = all(one.measured is not None for one in outcomes if one.phase == "Done")
        return not open_modes and verified and all(move.ended for move in follower.all())

    def _sum_up(
        self,
        client: clients.Client,
        witness: budgets.Witness,
        follower: moves.Follower,
        span: tuple[float, bool],
    ) -> results.Result:
        now = time.time()
        first = follower.first_eviction or now
        begin, quiet = span
        settled = (follower.last_change or begin) + self.limits.settle
        if not quiet:
            settled = now - self.limits.before
        spans = (begin, first), (settled, now)
        entries = _account(self.stage)
        distances = _distances(client)
        before, after = (measures.measure(entries, distances, *one) for one in spans)
        edges_before, edges_after = (measures.edges(entries, *one) for one in spans)
        policies = client.list("affinitypolicies.shorthaul.dev")
        return results.Result(
            kubernetes=versions.kubernetes(),
            seconds=time.monotonic() - self.began,
            before=before,
            after=after,
            edges_before=edges_before,
            edges_after=edges_after,
            moves=tuple(follower.all()),
            plans=tuple(self._outcomes(follower.all())),
            refusals=moves.refusals(self.plans.values(), policies),
            budgets=witness.budgets,
            lowest=dict(witness.lowest),
            breaches=tuple(witness.breaches),
            evictions=evictions.count(self.stage.control_plane.evictions()),
            flows=_export_counts(client),
            quiet=quiet,
            policies=tuple(moves.standing(one) for one in policies),
        )

    def _wait(self, condition: Callable[[], bool], what: str, children: tuple[str, ...]) -> None:
        deadline = time.monotonic() + installs.READY_TIMEOUT_SECONDS
        while not condition():
            self.stage.check(*children)
            if time.monotonic() > deadline:
                raise stages.ChildEnded(
                    f"waited {installs.READY_TIMEOUT_SECONDS:.0f} s for {what}; the last words of "
                    f"the {children[-1]}:\n{self.stage.last_words(children[-1])}"
                )
            time.sleep(POLL_SECONDS / 2)


def _account(stage: stages.Stage) -> list[truths.Entry]:
    return list(truths.read(stage.truth))


def _modes(objects: list[dict[str, Any]]) -> str:
    found = [one for one in objects if one["kind"] == "AffinityPolicy"]
    return ", ".join(f"{one['metadata']['namespace']} {one['spec']['mode']}" for one in found)


def _is_heard(client: clients.Client) -> bool:
    found = client.list("affinitypolicies.shorthaul.dev")
    return all((one.get("status") or {}).get("observedGeneration") for one in found)


def _distances(client: clients.Client) -> dict[str, float]:
    found = client.get("topologies.shorthaul.dev", "default")["spec"]["distances"]
    return {tier: float(found[tier]) for tier in truths.TIERS}


def _export_counts(client: clients.Client) -> dict[str, int]:
    health = [
        (one.get("status") or {}).get("health") or {}
        for one in client.list("flowsources.shorthaul.dev")
    ]
    return {
        "lines": sum(one.get("lines", 0) for one in health),
        "lost": sum(one.get("lostEvents", 0) for one in health),
    }
