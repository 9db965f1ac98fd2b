"""Mutated export files: whatever the bytes, observations or one BadInput, and every line counted.

Seeds are real kinds of lines; mutations flip, cut, repeat, splice and swap JSON values. The chance
is seeded, so a failure can be seen again. `SHORTHAUL_FUZZ_ROUNDS` makes it run for longer.
"""

import gzip
import os
import random

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.flow_files import read_flows
from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.traffic.flows import Flow, Lost
from shorthaul.traffic.observations import Observations
from telemetry import export_lines

ROUNDS = int(os.environ.get("SHORTHAUL_FUZZ_ROUNDS", "1"))
SEEDS = [
    export_lines.line("shop/web-1", "shop/cart-1", uuid="u-1"),
    export_lines.line("shop/web-1", "shop/cart-1", 5, reply=True, is_reply=None),
    export_lines.line("shop/web-1", "shop/cart-1", aggregate={"ingress_flow_count": 3}),
    export_lines.line("shop/web-1", "shop/cart-1", source=export_lines.end("host")),
    export_lines.lost(4),
    b'{"agent_event":{"type":"IPCACHE_UPSERTED"},"node_name":"n1"}',
    b"src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit",
    b"shop,Pod,web-1,shop,Pod,cart-1,3,flows/s",
    b'{"src_namespace":"a","src_kind":"Pod","src_name":"b","dst_namespace":"a",'
    b'"dst_kind":"Pod","dst_name":"c","rate":1,"unit":"flows/s"}',
]
VALUES = [b"null", b"-1", b"1e999", b'""', b"{}", b"[]", b"true", b'"\\ud800"', b"9" * 30, b"NaN"]


def mutated(chance: random.Random, line: bytes) -> bytes:
    for _ in range(chance.randrange(4)):
        at, to = sorted(chance.randrange(len(line) + 1) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0:
            line = line[:at] + chance.randbytes(1) + line[at + 1 :]
        elif kind == 1:
            line = line[:at]
        elif kind == 2:
            line = line[:at] + line[at:to] * 3 + line[to:]
        elif kind == 3:
            line = line[:at] + chance.choice(SEEDS)[at:]
        elif kind == 4:
            parts = line.split(b":")
            parts[chance.randrange(len(parts))] = chance.choice(VALUES)
            line = b":".join(parts)
        else:
            line = line[:at] + line[to:]
    return line


def read_or_refused(path: str) -> Observations | str:
    try:
        return read_flows([path])
    except BadInput as refused:
        return str(refused)


def all_counts(told: Observations) -> int:
    shown = sum(leftover.records for leftover in told.leftovers)
    return told.counted_lines + told.lost_lines + sum(told.ignored.values()) + shown


@pytest.mark.parametrize("seed", range(4))
def test_no_mutated_line_raises(seed):
    chance, reader = random.Random(seed), LineReader()

    for _ in range(4000 * ROUNDS):
        line = mutated(chance, chance.choice(SEEDS))
        outcome = reader.read(line)
        assert isinstance(outcome, Flow | Lost | Skipped), line
        if isinstance(outcome, Flow):
            assert f"{outcome.client}{outcome.server}{outcome.observer}".isprintable(), line
            assert 0 < outcome.events < 1 << 64, line


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_file_is_read_or_refused_in_one_line(seed, tmp_path):
    chance, path = random.Random(seed), tmp_path / "flows"

    for _ in range(150 * ROUNDS):
        lines = [mutated(chance, chance.choice(SEEDS)) for _ in range(chance.randrange(1, 8))]
        content = b"\n".join(lines)
        if chance.random() < 0.3:
            content = gzip.compress(content, 1)
            content = content[: chance.randrange(len(content)) + 1]
        path.write_bytes(content)
        told = read_or_refused(str(path))
        if isinstance(told, str):
            assert told.isprintable(), content
            assert str(path) in told, content
        else:
            assert all_counts(told) == told.lines, content
