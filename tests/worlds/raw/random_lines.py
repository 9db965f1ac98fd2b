"""Hubble export lines of a random cluster, in the exporter's shape, with what must not count.

Requests are seen where they arrive, at the server's node, and replies at the client's, as
TO_ENDPOINT events; each may also be seen on its way (TO_STACK, TO_OVERLAY, FROM_ENDPOINT), which is
the same packet again. Beside them: kubelet probes, the world, drops, L7, agent events, lost events,
a file that overlaps with the next, traffic of a pod with itself and of pods that are gone. Some
recordings are aggregated in part, some are of an old Hubble (no uuid, no workloads, `reply`).
"""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from worlds.raw.random_dumps import Cluster, Workload, random_cluster

_BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
_ON_ITS_WAY = ("TO_STACK", "TO_OVERLAY", "FROM_ENDPOINT", "TO_NETWORK")


def write_world(folder: Path, seed: int) -> tuple[Path, Path]:
    """Writes a random world's dump and its Hubble exports; gives where they are."""
    random = Random(seed)
    cluster = random_cluster(random)
    dump, flows = folder / "cluster.json", folder / "hubble"
    dump.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": cluster.items}))
    flows.mkdir()
    by_node: dict[str, list[dict]] = {node: [] for node in cluster.zones}
    for event in _Events(cluster, random).all():
        by_node[event["node_name"].rpartition("/")[2]].append(event)
    for node, events in by_node.items():
        events.sort(key=lambda event: event["time"])
        text = "".join(json.dumps(event) + "\n" for event in events)
        if not text:
            continue
        if random.random() < 0.3:
            (flows / f"{node}.json.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (flows / f"{node}.log").write_text(text)
        if all("uuid" in event.get("flow", {"uuid": ""}) for event in events[:20]):
            (flows / f"{node}-rotated.log").write_text("".join(text.splitlines(True)[:20]))
    return dump, flows


class _Events:
    """Makes the events of one recording; the generator decides all."""

    def __init__(self, cluster: Cluster, random: Random) -> None:
        self._cluster, self._random = cluster, random
        self._old = random.random() < 0.2
        self._aggregated = not self._old and random.random() < 0.3
        self._few = random.random() < 0.2
        self._true_to_hints = random.random() < 0.8
        self._pods = {
            item["metadata"]["name"]: item for item in cluster.items if item["kind"] == "Pod"
        }

    def all(self) -> Iterator[dict]:
        """All events, in no order."""
        talkers = [work for work in self._cluster.workloads if work.pods and work.name != "agent"]
        servers = [work for work in talkers if work.kind != "Pod"]
        for client in talkers:
            for server in self._random.sample(
                servers, min(len(servers), self._random.randint(1, 3))
            ):
                yield from self._edge(client, server)
        for work in talkers:
            yield from self._noise(work)

    def _edge(self, client: Workload, server: Workload) -> Iterator[dict]:
        for pod, node in client.pods.items():
            for _ in range(self._random.randint(1, 3 if self._few else 40)):
                other = self._random.choice(self._choice(node, server))
                yield from self._exchange((client, pod), (server, other))

    def _choice(self, node: str, server: Workload) -> list[str]:
        """The pods that a data plane sends a client's request to."""
        every, zones = list(server.pods), self._cluster.zones
        near = [pod for pod in every if zones[server.pods[pod]] == zones[node]]
        here = [pod for pod in every if server.pods[pod] == node]
        if not self._true_to_hints or not server.wish.startswith("Prefer"):
            return every
        return (here if server.wish == "PreferSameNode" else []) or near or every

    def _exchange(
        self, client: tuple[Workload, str], server: tuple[Workload, str]
    ) -> Iterator[dict]:
        port = self._random.randint(30000, 60000)
        for source, target, reply in ((client, server, False), (server, client, True)):
            ports = (8080, port) if reply else (port, 8080)
            if reply and self._random.random() < 0.1:
                continue
            flow = self._flow(source, target, ports, reply)
            node = target[0].pods[target[1]]
            if self._aggregated and self._random.random() < 0.5:
                flow["aggregate"] = {"ingress_flow_count": self._random.randint(0, 4)}
                for name in ("l4", "IP", "trace_observation_point", "Type"):
                    del flow[name]
                flow["aggregate"]["egress_flow_count"] = self._random.randint(0, 4)
            yield self._event(flow, node)
            if self._random.random() < 0.3:
                seen = self._flow(source, target, ports, reply)
                seen["trace_observation_point"] = self._random.choice(_ON_ITS_WAY)
                yield self._event(seen, source[0].pods[source[1]])

    def _flow(
        self,
        source: tuple[Workload, str],
        target: tuple[Workload, str],
        ports: tuple[int, int],
        reply: bool,
    ) -> dict:
        flow = {
            "verdict": "FORWARDED",
            "IP": {"source": self._address(source[1]), "destination": self._address(target[1])},
            "l4": {"TCP": {"source_port": ports[0], "destination_port": ports[1]}},
            "source": self._end(*source),
            "destination": self._end(*target),
            "Type": "L3_L4",
            "event_type": {"type": 4},
            "traffic_direction": "INGRESS",
            "trace_observation_point": "TO_ENDPOINT",
        }
        told = self._random.random()
        if self._old and reply:
            flow["reply"] = True
        elif not self._old and told < 0.95:
            flow["is_reply"] = reply
        return flow

    def _noise(self, work: Workload) -> Iterator[dict]:
        """What has no weight in any scorer, and what of a pod that is gone has."""
        pod, node = self._random.choice(sorted(work.pods.items()))
        whole = (work, pod)
        for end in (
            {"identity": 1, "labels": ["reserved:host"]},
            {"identity": 6, "labels": ["reserved:remote-node"]},
            {"identity": 2, "labels": ["reserved:world"]},
            {"identity": 16777300, "labels": ["cidr:192.0.2.7/32"]},
        ):
            for _ in range(self._random.randint(0, 6)):
                yield self._event(
                    {**self._flow(whole, whole, (41000, 8080), False), "source": end}, node
                )
        yield self._event(self._flow(whole, whole, (41000, 8080), False), node)
        other = self._random.choice(
            [w for w in self._cluster.workloads if w.pods and w is not work]
        )
        base = self._flow((other, next(iter(other.pods))), whole, (41000, 8080), False)
        yield self._event({**base, "verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED"}, node)
        yield self._event({**base, "verdict": "REDIRECTED"}, node)
        yield self._event({**base, "Type": "L7", "l7": {"type": "REQUEST"}}, node)
        yield self._event({**base, "source": {**base["source"], "cluster_name": "far"}}, node)
        gone = {**base["source"], "pod_name": f"{other.name}-5cb6cd677f-xxxxx"}
        for _ in range(self._random.randint(0, 8)):
            yield self._event({**base, "source": gone}, node)
        moment = self._moment(-30, 150)
        yield {"agent_event": {"type": "ENDPOINT_CREATED"}, "node_name": node, "time": moment}
        lost = {"source": "HUBBLE_RING_BUFFER", "num_events_lost": "7"}
        yield {"lost_events": lost, "node_name": node, "time": moment}

    def _end(self, work: Workload, pod: str) -> dict:
        labels = [f"k8s:app={work.name}", f"k8s:io.kubernetes.pod.namespace={work.namespace}"]
        end = {"identity": 4000 + len(work.name), "namespace": work.namespace, "labels": labels}
        end |= {"pod_name": pod, "cluster_name": "default"}
        if not self._old and work.kind != "Pod" and self._random.random() < 0.6:
            end["workloads"] = [{"name": work.name, "kind": work.kind}]
        return end

    def _address(self, pod: str) -> str:
        return self._pods[pod]["status"]["podIP"]

    def _event(self, flow: dict, node: str) -> dict:
        time = self._moment(0, 120)
        whole = f"kubernetes/{node}" if self._random.random() < 0.2 else node
        uuid = {} if self._old else {"uuid": f"{self._random.getrandbits(128):032x}"}
        flow = {"time": time, **uuid, **flow, "node_name": whole}
        return {"flow": flow, "node_name": whole, "time": time}

    def _moment(self, least: float, most: float) -> str:
        moment = _BEGIN + timedelta(seconds=self._random.uniform(least, most))
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{self._random.randrange(10**9):09d}Z"
