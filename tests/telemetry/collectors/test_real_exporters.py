"""Real exporters of Debian replay a capture of known totals: every flow comes out, byte for byte.

softflowd 1.1.0, pmacct 1.7.7 (pmacctd with nfprobe) and nfdump 1.7.1 (nfpcapd, nfreplay), each over
loopback into a collector process. Skipped with a reason where their packages cannot be had.
"""

import subprocess
from pathlib import Path

import pytest

from cli.commands import CLUSTER, shorthaul
from telemetry.collectors import traffic
from telemetry.collectors.running import Running, by_pair
from testbed import debian

PACKAGES = ("softflowd", "pmacct", "nfdump")
NAMES = ("softflowd", "pmacctd", "nfpcapd", "nfreplay")
RUN_SECONDS = 60
PLUGIN_ENDED = b"no more plugins active. Shutting down."
FLOWS = "shorthaul_netflow_flow_records_total"
PMACCTD = """
daemonize: false
pcap_savefile: {capture}
aggregate: src_host,dst_host,src_port,dst_port,proto
plugins: nfprobe
nfprobe_receiver: 127.0.0.1:{port}
nfprobe_version: {version}
plugin_buffer_size: 65536
plugin_pipe_size: 10485760
"""


@pytest.fixture(scope="module")
def tools():
    try:
        return debian.programs(PACKAGES, NAMES)
    except debian.Unavailable as error:
        pytest.skip(str(error))


def run(tools, *command, **given):
    done = ended(tools, *command, **given)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


def ended(tools, *command, **given):
    words = [tools.path(command[0]), *command[1:]]
    return subprocess.run(
        words, env=tools.environment, capture_output=True, timeout=RUN_SECONDS, check=False, **given
    )


def softflowd(tools, capture, collector, *options):
    port = collector.tcp_port if "tcp" in options else collector.udp_port
    files = ["-r", capture, "-p", capture.with_suffix(".pid"), "-c", "none"]
    return run(tools, "softflowd", *files, "-n", f"127.0.0.1:{port}", "-d", "-6", *options)


def pmacctd(tools, capture, collector, version):
    configuration = capture.with_suffix(".conf")
    configuration.write_text(
        PMACCTD.format(capture=capture, port=collector.udp_port, version=version)
    )
    done = ended(tools, "pmacctd", "-f", configuration)
    # At the end of a file it stops its plugin, and says 1 where it sees that one end before itself.
    assert done.returncode == 0 or PLUGIN_ENDED in done.stderr, done.stderr[-2000:]


def nfreplay(tools, capture, collector, version):
    folder = capture.with_suffix(".flows")
    folder.mkdir()
    run(tools, "nfpcapd", "-r", capture, "-l", folder)
    for file in folder.rglob("nfcapd.*"):
        target = ["-H", "127.0.0.1", "-p", str(collector.udp_port)]
        run(tools, "nfreplay", "-r", file, *target, "-v", version)


def replayed(tools, folder, export, *options, wide=True, records=120):
    """What a capture holds and what came out of the collector, by pair, and the metrics then."""
    capture = folder / "traffic.pcap"
    sent = traffic.write(capture, traffic.flows(wide=wide))
    with Running(folder) as collector:
        export(tools, capture, collector, *options)
        metrics = collector.wait_until(FLOWS, records)
        return sent, collector.stop(), metrics


@pytest.mark.parametrize(
    "options",
    [
        ("-v", "9"),
        ("-v", "10"),
        ("-v", "10", "-P", "tcp"),
        ("-v", "10", "-A", "milli", "-T", "ether"),
    ],
    ids=" ".join,
)
def test_softflowd(tools, tmp_path, options):
    sent, records, metrics = replayed(tools, tmp_path, softflowd, *options)

    assert by_pair(records) == sent
    assert not [name for name, value in metrics.items() if "refused" in name and value]
    assert not [name for name, value in metrics.items() if "lost_units" in name and value]


def test_softflowd_v5(tools, tmp_path):
    sent, records, _ = replayed(tools, tmp_path, softflowd, "-v", "5", wide=False)

    assert by_pair(records) == sent


def test_softflowd_with_both_directions_in_a_record(tools, tmp_path):
    options = "-v", "10", "-b"

    sent, records, metrics = replayed(tools, tmp_path, softflowd, *options, records=60)

    assert by_pair(records) == sent
    assert metrics["shorthaul_netflow_flows_total"] == 120
    assert sum("reverse" in record.get("flags", ()) for record in records) == 60


def test_softflowd_that_samples_tells_its_rate_and_its_own_totals(tools, tmp_path):
    capture = tmp_path / "traffic.pcap"
    traffic.write(capture, traffic.flows())
    with Running(tmp_path) as collector:
        told = softflowd(tools, capture, collector, "-v", "9", "-s", "10")
        collector.wait_until("shorthaul_netflow_option_records_total", 1)
        records = collector.stop()

    rows = [line.split() for line in told.splitlines() if "(6):" in line or "(17):" in line]
    assert sum(record["bytes"] for record in records) == sum(int(row[2]) for row in rows)
    assert sum(record["packets"] for record in records) == sum(int(row[3]) for row in rows)
    assert {record["sampling"] for record in records} == {10}


@pytest.mark.parametrize("version", ["5", "9", "10"])
def test_pmacctd(tools, tmp_path, version):
    sent, records, _ = replayed(tools, tmp_path, pmacctd, version, wide=version != "5")

    assert by_pair(records) == sent


@pytest.mark.parametrize("version", ["5", "9"])
def test_nfreplay(tools, tmp_path, version):
    sent, records, _ = replayed(tools, tmp_path, nfreplay, version, wide=version != "5")

    assert by_pair(records) == sent


def test_the_times_of_flows_are_those_of_the_capture(tools, tmp_path):
    _, records, _ = replayed(tools, tmp_path, nfreplay, "9")

    first = traffic.SECONDS * 1000
    assert min(record["start_ms"] for record in records) == pytest.approx(first, abs=2)
    assert all(0 <= record["start_ms"] - first <= 2_000 for record in records)
    assert all(record["start_ms"] <= record["end_ms"] for record in records)


def test_softflowds_records_become_a_map_of_workloads(tools, tmp_path):
    web, catalog = "10.1.0.11", "10.1.0.14"
    keys = [(web, catalog, 6, 40_000, 8_080), (catalog, web, 6, 8_080, 40_000)]
    keys += [(web, "8.8.8.8", 17, 40_000, 53)]
    cluster = tmp_path / "cluster.json"
    cluster.write_text(Path(CLUSTER).read_text().replace('"2026-', '"2020-'))
    sent = traffic.write(tmp_path / "traffic.pcap", keys)
    with Running(tmp_path) as collector:
        softflowd(tools, tmp_path / "traffic.pcap", collector, "-v", "9")
        collector.wait_until(FLOWS, 3)
        collector.stop()
    edges = tmp_path / "edges.csv"

    words = "--netflow", collector.out, "--cluster", cluster, "--out", edges
    recorded = shorthaul("record", *words)
    shown = shorthaul("map", "--cluster", cluster, "--flows", edges)

    between, outside = sum(sent[key, "bytes"] for key in keys[:2]), sent[keys[2], "bytes"]
    told = recorded.err.replace(",", "")
    assert f"1 edges 2 records with {between} bytes of {between + outside} bytes read" in told
    assert f"1 records with {outside} bytes" in told
    assert shown.status == 0
    assert "shop/web  → shop/catalog" in shown.out
