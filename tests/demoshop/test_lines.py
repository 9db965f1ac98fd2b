"""The player's lines have the shape of lines that a real Cilium wrote."""

import gzip
import json
import math
import random
from pathlib import Path

import pytest

from demoshop import connections, lines, observers, players, talks

TABLE = talks.Table(
    (talks.Talk(("shop", "web"), ("shop", "cart"), 40.0, 3, 0.5),),
    (talks.Talk(("shop", "web"), ("shop", "cart"), 5.0),),
)


def played(scene, seconds=20.0, seed=1) -> list[dict]:
    source = random.Random(seed)
    player = players.Player(TABLE, source, observers.Observers(source))
    player.play(1_700_000_000.0, seconds, scene)
    return [json.loads(line) for _, found in player.observers.take() for line in found]


def kind(event: dict) -> tuple:
    flow = event.get("flow")
    if flow is None:
        return (next(name for name in event if name not in ("node_name", "time")),)
    ends = tuple(_end(flow[side]) for side in ("source", "destination"))
    return flow["verdict"], flow["Type"], flow.get("trace_observation_point"), ends


def _end(end: dict) -> str:
    if "pod_name" in end:
        return "local pod" if "workloads" in end else "pod elsewhere"
    return "host" if "reserved:host" in end.get("labels", ()) else "other"


def fields(found: object, path: str = "") -> dict[str, str]:
    if isinstance(found, dict) and not path.endswith(".flags"):
        flat: dict[str, str] = {}
        for name, value in found.items():
            flat |= fields(value, f"{path}.{name}")
        return flat
    if isinstance(found, list) and found:
        return fields(found[0], f"{path}[]")
    return {path: type(found).__name__}


def recorded_lines(folder: Path) -> list[dict]:
    files = sorted((folder / "cilium-1.20" / "hubble").glob("*.json.gz"))
    if not files:
        pytest.skip("no Cilium 1.20 recording in ../shared/data on this machine")
    return [json.loads(line) for path in files for line in gzip.open(path, "rt")]


@pytest.mark.recordings
def test_every_field_of_a_played_flow_is_one_that_cilium_writes_with_that_type(scene, recordings):
    known: dict[str, set[str]] = {}
    for event in recorded_lines(recordings):
        for path, name in fields(event).items():
            known.setdefault(path, set()).add(name)
    plain = [one for one in played(scene) if one.get("flow", {}).get("Type") == "L3_L4"]

    strange = {
        (path, name)
        for event in plain
        for path, name in fields(event).items()
        if name not in known.get(path, set())
    }

    assert strange == set()


@pytest.mark.recordings
def test_a_packet_between_nodes_is_described_as_cilium_describes_it(scene, recordings):
    wanted = {}
    for event in recorded_lines(recordings):
        wanted.setdefault(kind(event), set()).update(fields(event))
    found = {}
    for event in played(scene):
        found.setdefault(kind(event), set()).update(fields(event))
    key = ("FORWARDED", "L3_L4", "TO_ENDPOINT", ("pod elsewhere", "local pod"))
    optional = {".flow.ethernet.source", ".flow.ethernet.destination", ".flow.IP.source_xlated"}
    optional |= {".flow.interface.index", ".flow.interface.name"}

    assert wanted[key] - found[key] <= optional


def test_each_exchange_is_seen_once_at_each_end(scene):
    flows = [one["flow"] for one in played(scene) if "flow" in one]
    counted = [
        flow
        for flow in flows
        if flow.get("trace_observation_point") == "TO_ENDPOINT" and "pod_name" in flow["source"]
    ]

    requests = [flow for flow in counted if not flow["is_reply"]]
    replies = [flow for flow in counted if flow["is_reply"]]

    assert len(requests) == pytest.approx(len(replies), abs=observers.LARGEST_LOSS * 3)
    assert {flow["node_name"] for flow in replies} == {"n01"}
    assert {flow["node_name"] for flow in requests} == {"n01", "n03", "n04"}


def test_a_denied_packet_is_dropped_and_seen_at_no_endpoint(scene):
    dropped = [
        one["flow"] for one in played(scene) if one.get("flow", {}).get("verdict") == "DROPPED"
    ]

    assert dropped
    assert {flow["drop_reason_desc"] for flow in dropped} == {"POLICY_DENIED"}
    assert all("trace_observation_point" not in flow for flow in dropped)


def test_the_events_that_are_lost_are_missing_from_the_file(scene, web, carts):
    connection = connections.Connection(carts[0], 40_000, math.inf)
    exchange = connections.Exchange(1000.0, web, connection, connections.Step.TALK)
    complete = observers.Observers(random.Random(5))
    lossy = observers.Observers(random.Random(5), to_lose={"n01": 7})

    for one in (complete, lossy):
        for _ in range(20):
            one.see(exchange, scene)

    assert len(complete.pending["n01"]) - len(lossy.pending["n01"]) == 7
    assert lossy.to_lose == {"n01": 0}


def test_the_number_of_lost_events_is_told(scene):
    watching = observers.Observers(random.Random(5))

    watching.lose(1000.0, 60.0, scene)

    lines_written = [line for _, found in watching.take() for line in found]
    told = [json.loads(line)["lost_events"]["num_events_lost"] for line in lines_written]
    assert sum(int(one) for one in told) == watching.lost == sum(watching.to_lose.values())
    assert watching.lost > 0


def test_a_time_has_nine_digits_and_is_in_utc():
    assert lines.stamp(1_700_000_000.25) == "2023-11-14T22:13:20.250000000Z"
