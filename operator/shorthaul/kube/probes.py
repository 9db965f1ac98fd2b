"""Proves that the API server acts upon hints, by pods that are asked for but never made.

There is one informer for all PlacementHints, so a marker that is written into the probe namespace
later, and shows on a pod made there (dry run), proves that earlier hints have arrived too. With
several API servers this holds for the one that answered, so a margin is added for the others, and
who sees pods land counts the misses.

The mutation may fail in ways that stop pods from being made (kubernetes/kubernetes#142181), so the
policy is proved with pods of every shape of affinity. When a probe fails, all hints are taken away,
which stops all mutation and needs no right over admission objects.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shorthaul.api.placementhints import HintTerm, WorkloadHint
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import PODS
from shorthaul.kube.failures import Forbidden, Invalid, NotFound, RequestFailed, TooManyRequests
from shorthaul.kube.hints import Hints
from shorthaul.units import Namespace, WorkloadRef

MARKER = "shorthaul.dev/probe"
PROBE_NAME = "shorthaul-probe"
SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """Where probes are made and how long a hint may take to arrive.

    `patience_seconds` is how long one move waits for that before it lets the others go on;
    `margin_seconds` what it waits more, since the other API servers hear of a hint by themselves.
    """

    namespace: Namespace
    arrival_seconds: float = 20.0
    patience_seconds: float = 4.0
    margin_seconds: float = 0.0
    pause_seconds: float = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """A pod's affinity as its owner wrote it, and what it is called."""

    name: str
    affinity: Mapping[str, Any] = field(default_factory=dict)


_LIKED = [
    {
        "weight": 1,
        "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]},
    }
]
_REQUIRED = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}
_NEIGHBOUR = {"labelSelector": {"matchLabels": {"app": "peer"}}, "topologyKey": "zone"}
_REQUIRED_KEY = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED_KEY = "preferredDuringSchedulingIgnoredDuringExecution"

SHAPES = (
    Shape("no affinity"),
    Shape("node affinity", {"nodeAffinity": {_REQUIRED_KEY: _REQUIRED}}),
    Shape("preferred terms", {"nodeAffinity": {_PREFERRED_KEY: _LIKED}}),
    Shape("pod affinity", {"podAffinity": {_REQUIRED_KEY: [_NEIGHBOUR]}}),
)


class Prober:
    """Makes probes, one at a time; safe to use from many moves at once."""

    def __init__(
        self,
        connection: Connection,
        hints: Hints,
        settings: ProbeSettings,
    ) -> None:
        """Store where probes are made; nothing is asked yet."""
        self._connection = connection
        self._hints = hints
        self._settings = settings
        self._probing = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._answer: Reason | None = None

    async def prove_arrival(self) -> Reason | None:
        """None once every hint written before this call is acted upon, else why it is not.

        One probe answers all who asked before it began.
        """
        self._asked += 1
        wanted, patience = self._asked, self._settings.patience_seconds
        try:
            async with asyncio.timeout(patience), self._probing:
                reason = await self._answer_for(wanted)
        except TimeoutError:
            return Reason("HintsNotApplied", f"no hint shows on new pods within {patience:.0f} s")
        if reason is None:
            await asyncio.sleep(self._settings.margin_seconds)
        return reason

    async def prove_policy(self) -> Reason | None:
        """None when pods of every shape get the hint and keep what is theirs, else why not.

        A failed probe empties all hints first. Raises RequestFailed when nothing can be told.
        """
        async with self._probing:
            marker = await self._place_marker()
            reason = await self._await_marker(marker)
            for shape in SHAPES if reason is None else ():
                reason = reason or await self._try_shape(shape, marker)
        if reason is not None:
            await self._hints.empty()
        return reason

    async def _answer_for(self, wanted: int) -> Reason | None:
        if self._answered < wanted:
            covered = self._asked
            self._answer = await self._probe_until_seen()
            self._answered = covered
        return self._answer

    async def _probe_until_seen(self) -> Reason | None:
        try:
            return await self._await_marker(await self._place_marker())
        except (Forbidden, Invalid, NotFound) as failure:
            return Reason("HintRefused", f"cannot prove hints: {failure}")

    async def _place_marker(self) -> str:
        marker = f"m-{secrets.token_hex(8)}"
        terms = (HintTerm(weight=1, key=MARKER, values=(marker,)),)
        workload = WorkloadRef(self._settings.namespace, "StatefulSet", PROBE_NAME)
        await self._hints.write(workload, WorkloadHint(terms=terms, plan=PROBE_NAME))
        return marker

    async def _await_marker(self, marker: str) -> Reason | None:
        known = self._settings
        probe = Shape("no affinity")
        try:
            async with asyncio.timeout(known.arrival_seconds):
                while marker.encode() not in await self._make_probe(probe):
                    await asyncio.sleep(known.pause_seconds)
        except TimeoutError:
            text = f"no hint shows on new pods within {known.arrival_seconds:.0f} s"
            return Reason("HintsNotApplied", text)
        except RequestFailed as failure:
            return _as_reason(failure, probe)
        return None

    async def _try_shape(self, shape: Shape, marker: str) -> Reason | None:
        try:
            made = await self._make_probe(shape)
        except RequestFailed as failure:
            return _as_reason(failure, shape)
        if marker.encode() not in made:
            return Reason("HintsNotApplied", f"a pod with {shape.name} does not get its hint")
        affinity = msgspec.json.decode(made)["spec"]["affinity"]
        if not _contains(affinity, shape.affinity):
            return Reason("HintsHarm", f"a pod with {shape.name} loses what its owner asked for")
        return None

    async def _make_probe(self, shape: Shape) -> bytes:
        """A pod as the API server would make it; the pod is never made."""
        namespace = self._settings.namespace
        return await self._connection.post(
            PODS.path(namespace), _probe_pod(namespace, shape), {"dryRun": "All"}
        )


def _as_reason(failure: RequestFailed, shape: Shape) -> Reason:
    """Why a probe says no; raises the failure when it says nothing about the policy."""
    if isinstance(failure, TooManyRequests):
        raise failure
    if isinstance(failure, Forbidden | Invalid | NotFound) or failure.status == SERVER_FAULT:
        return Reason("HintsHarm", f"a pod with {shape.name} cannot be made: {failure}")
    raise failure


def _probe_pod(namespace: str, shape: Shape) -> dict[str, Any]:
    owner = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": PROBE_NAME,
        "uid": "00000000-0000-0000-0000-000000000000",
        "controller": True,
    }
    container = {
        "name": "probe",
        "image": "registry.k8s.io/pause",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {
            "requests": {"cpu": "1m", "memory": "1Mi"},
            "limits": {"cpu": "1m", "memory": "1Mi"},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{PROBE_NAME}-",
            "namespace": namespace,
            "ownerReferences": [owner],
        },
        "spec": {
            "schedulerName": PROBE_NAME,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **({"affinity": shape.affinity} if shape.affinity else {}),
        },
    }


def _contains(whole: Any, part: Any) -> bool:
    """Whether everything of `part` is in `whole`; lists may have got more elements at their end."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            name in whole and _contains(whole[name], value) for name, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and whole[: len(part)] == part
    return bool(whole == part)
