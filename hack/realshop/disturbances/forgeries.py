"""A pod of another namespace talks much to the shop's pods, and lies to collectors: nothing moves.

It makes real connections to a service in another rack, and from its own address sends records to
every collector which tell of much traffic between two services of the shop that say nothing to each
other. Both would be worth many moves, were they believed.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from realshop import deployments, manifests, shops, spools
from realshop.disturbances import changes, findings, ledgers, stages, victims

NAMESPACE = "intruder"
NAME = "intruder"
FORGED_BYTES = 5_000_000
FORGED_RATE = 400_000.0
SECONDS = 150.0
PACKAGES = Path(__file__).resolve().parents[2]


def run(stage: stages.Stage) -> Iterator[findings.Check]:
    """Let it talk and lie for longer than any plan waits, at rest."""
    stages.set_policy(stage)
    pair = changes.strangers(stage.shop, stage.racks(), stage.hot)
    plans = {plan["metadata"]["name"] for plan in stage.plans()}
    since = time.time()
    try:
        _deploy(stage, pair[1])
        _talk_and_lie(stage, pair)
    finally:
        stage.cluster.client.delete("namespaces", NAMESPACE)
    talked = ledgers.balances(stage.cluster, f"{NAMESPACE}/{NAME}", f"{shops.NAMESPACE}/{pair[1]}")
    heard = ledgers.accepted(stage.cluster, ledgers.FORGED_DOMAIN)
    believed = ledgers.counted(stage.cluster, pair)
    made = {plan["metadata"]["name"] for plan in stage.plans()} - plans
    seen = stage.evictions.since(since)
    yield findings.at_least(
        "bytes of the intruder that were seen", 1, sum(row["bytes"] for row in talked)
    )
    if stage.cluster.layout.cni == "cilium":
        yield findings.none("forged bytes that came past the NetworkPolicy", heard)
    else:
        yield findings.at_least("forged bytes that collectors heard of", FORGED_BYTES, heard)
    yield findings.none("forged bytes that the ledger counted", believed)
    yield findings.none("plans", len(made))
    yield findings.none("evictions", len(seen))


def _talk_and_lie(stage: stages.Stage, pair: tuple[str, str]) -> None:
    ending = threading.Event()
    lying = threading.Thread(target=_lie, args=(stage, pair, ending), daemon=True)
    lying.start()
    time.sleep(SECONDS)
    ending.set()
    lying.join()


def _deploy(stage: stages.Stage, server: str) -> None:
    ask, answer = shops.LARGE
    call = (
        f"{server}=http://{server}.{shops.NAMESPACE}.svc.cluster.local/,"
        f"rate={FORGED_RATE / (ask + answer):.3f},ask={ask},answer={answer}"
    )
    namespace, deployment = (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _deployment(stage.image, call),
    )
    stage.cluster.client.apply([namespace, deployment])
    stage.cluster.client.wait_for(
        lambda: [pod for pod in _pods(stage) if deployments.is_ready(pod)],
        timeout_seconds=deployments.READY_SECONDS,
        what="the intruder to be ready",
    )


def _deployment(image: str, call: str) -> dict[str, Any]:
    """Return the intruder, made as a pod of the shop is."""
    service = shops.Service(NAME, 1)
    shop = shops.Shop(0, (service,), ())
    found = manifests.objects(shop, manifests.Wanted(image))
    (made,) = (one for one in found if one["kind"] == "Deployment")
    made["metadata"]["namespace"] = NAMESPACE
    made["spec"]["template"]["spec"]["containers"][0]["args"].append(f"-call={call}")
    return made


def _lie(stage: stages.Stage, pair: tuple[str, str], ending: threading.Event) -> None:
    """Send forged records from the intruder's own network, one to every collector each second."""
    number = 0
    while not ending.wait(1.0):
        client, server = (_address(stage, name) for name in pair)
        process = _process(stage)
        if not (client and server and process):
            continue
        told = ledgers.Told(client, server, FORGED_BYTES)
        datagram = ledgers.message([told], number, time.time(), ledgers.FORGED_DOMAIN).hex()
        number += 1
        addresses = [pod["status"]["podIP"] for pod in spools.collectors(stage.cluster)]
        subprocess.run(
            [
                *("nsenter", "--net", f"--target={process}", sys.executable, "-c", SENDER),
                *(str(PACKAGES), datagram, *addresses),
            ],
            capture_output=True,
            timeout=ledgers.TIMEOUT_SECONDS,
            check=True,
        )


SENDER = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/../operator"]
from realshop.disturbances import ledgers
for address in sys.argv[3:]:
    ledgers.send(address, bytes.fromhex(sys.argv[2]))
"""


def _address(stage: stages.Stage, name: str) -> str:
    found = deployments.ready(stage.cluster)
    mine = [pod for pod in found if pod["metadata"]["labels"][manifests.LABEL] == name]
    return str(mine[0]["status"]["podIP"]) if mine else ""


def _process(stage: stages.Stage) -> int | None:
    """Return the intruder's process, which is known by where the kubelet put it."""
    uids = [pod["metadata"]["uid"] for pod in _pods(stage) if deployments.is_ready(pod)]
    for number in victims.running_as(stage.cluster, "/traffic"):
        if any(uid in path for uid in uids for path in victims.groups(number)):
            return number
    return None


def _pods(stage: stages.Stage) -> list[dict[str, Any]]:
    return stage.cluster.client.list("pods", NAMESPACE)
