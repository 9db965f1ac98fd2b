"""Mutated messages of a Relay: whatever the bytes, an outcome, and nothing raised.

The chance is seeded, so a failure can be seen again. `SHORTHAUL_FUZZ_ROUNDS` makes it run longer.
"""

import os
import random

import pytest

from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.relay.progresses import Progress
from shorthaul.telemetry.relay.responses import ResponseReader, report_of
from shorthaul.traffic.flows import Flow, Lost
from telemetry import export_lines
from telemetry.relay import messages_made

ROUNDS = int(os.environ.get("SHORTHAUL_FUZZ_ROUNDS", "1"))
SEEDS = [
    messages_made.raw(line)
    for line in (
        export_lines.line("shop/web-1", "shop/cart-1", uuid="u-1"),
        export_lines.line("shop/web-1", "shop/cart-1", 5, reply=True, is_reply=None),
        export_lines.line("shop/web-1", "shop/cart-1", aggregate={"ingress_flow_count": 3}),
        export_lines.line("shop/web-1", "shop/cart-1", source=export_lines.end("host")),
        export_lines.lost(4),
        export_lines.encode({"node_status": {"state_change": "NODE_GONE", "node_names": ["n1"]}}),
    )
]


def mutated(chance, message):
    content = bytearray(message)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(4):
            case 0 if at < len(content):
                content[at] = chance.randrange(256)
            case 1:
                content[at:at] = chance.randbytes(chance.randrange(1, 6))
            case 2:
                del content[at : at + chance.randrange(1, 8)]
            case _:
                other = chance.choice(SEEDS)
                content[at:at] = other[: chance.randrange(len(other) + 1)]
    return bytes(content)


@pytest.mark.parametrize("seed", range(4))
def test_no_mutated_message_raises(seed):
    chance, reader, progress = random.Random(seed), ResponseReader(), Progress(0)
    kinds = set()

    for _ in range(4000 * ROUNDS):
        message = mutated(chance, chance.choice(SEEDS))
        response = reader.parse(message)
        if response is None:
            continue
        if response.WhichOneof("response_types") == "flow":
            report = report_of(response)
            assert report is None or progress.is_new(report, 1 << 62) in (True, False), message
        outcome = reader.read(response)
        kinds.add(type(outcome))
        if isinstance(outcome, Flow):
            assert f"{outcome.client}{outcome.server}{outcome.observer}".isprintable(), message
            assert 0 < outcome.events < 1 << 64, message

    assert kinds == {Flow, Lost, Skipped}
