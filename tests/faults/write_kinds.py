"""What kind of write a request of the operator is, so that tests can say where they killed it.

Kinds are texts such as `podmoves/status Evicting`. Two writes are of one kind when a crash at
either leaves the same thing undone; which pod or plan it is for does not count. Hints are told
apart by workload, since the first change of an object that is not there yet changes nothing.
"""

from __future__ import annotations

import json

from faultproxy.faults import Call

OWN_WRITES = frozenset(
    {
        "placementplans",
        "placementplans/status Proposed",
        "placementplans/status Executing",
        "placementplans/status Done",
        "placementplans/status Done verified",
        "podmoves",
        "podmoves/status Admitted",
        "podmoves/status Hinted",
        "podmoves/status Checked",
        "podmoves/status Evicting",
        "podmoves/status Evicted",
        "podmoves/status Landed",
        "placementhints in the probe namespace changed for StatefulSet.shorthaul-probe",
        "placementhints in the shop made",
        "pods dry run",
        "pods/eviction dry run",
        "pods/eviction",
        "affinitypolicies/status",
        "flowsources/status",
        "leases taken",
        "leases renewed",
        "events PlanProposed",
        "events MoveLanded",
        "events PlanDone",
        "events PlanVerified",
    }
)
"""Every kind of write that one life of a plan needs, approvals and forgetting aside."""


def kind_of(call: Call, body: bytes, shop: str, *, leads: bool) -> str:
    """The kind of a write; `leads`: its process has written the Lease before."""
    namespace, resource = _resource(call.path)
    told = json.loads(body) if body else {}
    status = told.get("status") or {}
    match resource:
        case "leases":
            return f"leases {'renewed' if leads else 'taken'}"
        case "events":
            return f"events {told['reason']}"
        case "placementhints":
            where = f"{resource} in the {'shop' if namespace == shop else 'probe namespace'}"
            changed = ", ".join(sorted(told.get("spec", {}).get("workloads", {})))
            return f"{where} made" if call.method == "POST" else f"{where} changed for {changed}"
        case "placementplans/status":
            verified = " verified" if status.get("verification") else ""
            return f"{resource} {status.get('phase')}{verified}"
        case "podmoves/status":
            return f"{resource} {status.get('phase')}"
        case _:
            return f"{resource} dry run" if call.is_dry_run else resource


def _resource(path: str) -> tuple[str, str]:
    """Namespace, and plural with its subresource."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    return namespace, "/".join([parts[0], *parts[2:3]])
