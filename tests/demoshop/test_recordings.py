"""Two who share no code agree: the operator's reader of Hubble lines, and the player."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demoshop import truths

RECORDING = Path(__file__).resolve().parents[2] / "examples" / "demo" / "recording"


@pytest.fixture(scope="module")
def traffic_map() -> dict:
    inputs = ["--flows", RECORDING / "hubble", "--cluster", RECORDING / "cluster.json.gz"]
    command = [sys.executable, "-m", "shorthaul", "map", *inputs, "-o", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def account() -> truths.Entry:
    return truths.total(truths.read(RECORDING / "truth.jsonl"))


def test_the_map_has_the_edges_that_were_played_and_no_other(traffic_map, account):
    seen = {(_name(edge["client"]), _name(edge["server"])) for edge in traffic_map["edges"]}

    assert seen == {(client, server) for client, server, _ in account.packets}


def test_the_shares_per_tier_are_those_that_were_sent(traffic_map, account):
    by_tier = account.by_tier()
    sent = {tier: count / sum(by_tier.values()) for tier, count in by_tier.items()}

    assert traffic_map["shares"] == pytest.approx(sent, abs=0.02)


def _name(vertex: dict) -> str:
    return f"{vertex['namespace']}/{vertex['name']}"
