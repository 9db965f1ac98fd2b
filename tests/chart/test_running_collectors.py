"""Real collectors with just the arguments that the chart gives them, each with a name of its own.

One name has all their addresses, as the headless Service's has in a cluster: by a hosts file of
their own. Folders that a pod would mount are folders here, and each listens at its own address.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

from chart import releases
from shorthaul.telemetry.collectors.shards import first_two
from telemetry.collectors.sharing import Exporter
from telemetry.relay.certificates import Authority
from testbed import ports

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

NAMES = [f"shorthaul-collector-{number}" for number in range(3)]
SERVICE = f"shorthaul-collectors.{releases.NAMESPACE}.svc"
MEMBERS, FLOWS = "shorthaul_netflow_members", "shorthaul_netflow_flows_total"
WAIT_SECONDS = 90
ENTER = 'mount --bind "$1" /etc/hosts && hostname "$2" && shift 2 && exec "$@"'
OWN_NAMES = ["unshare", "-rmu"]


class Pod:
    """One collector; what it is given is the chart's, but for its address and folders."""

    def __init__(self, number, metrics_port, udp_port):
        self.address = f"127.0.0.{number + 1}"
        self._metrics_port, self.udp_port = metrics_port, udp_port

    def metric(self, name):
        """A metric, 0 before there is any."""
        where = f"http://{self.address}:{self._metrics_port}/metrics"
        with contextlib.suppress(OSError), urllib.request.urlopen(where, timeout=10) as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
            return float(found[1]) if found else 0.0
        return 0.0


def until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(params=["in the clear", "with certificates"])
def pods(request, helm_offline, tmp_path):
    """The collectors of three replicas, once all know each other."""
    if (
        shutil.which("unshare") is None
        or subprocess.run([*OWN_NAMES, "true"], check=False).returncode
    ):
        pytest.skip("no right to names of our own")
    udp, tcp, metrics, windows, peers = ports.pick(5)
    secret = "collector.peers.tlsSecretName=own" if request.param == "with certificates" else ""
    values = (
        "collector.enabled=true,collector.replicas=3,collector.allow={127.0.0.0/8},"
        f"collector.udpPorts={{{udp}}},collector.tcpPort={tcp},collector.metricsPort={metrics},"
        f"collector.spool.port={windows},collector.peers.port={peers},{secret}"
    )
    objects = yaml.safe_load_all(helm_offline.template("--set", values.rstrip(",")))
    [workload] = [each for each in objects if each and each["kind"] == "StatefulSet"]
    [container] = workload["spec"]["template"]["spec"]["containers"]
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"127.0.0.{n} {SERVICE}\n" for n in (1, 2, 3)))
    tls = Authority(tmp_path / "authority").folder_of("peers", names=f"DNS:{SERVICE}")
    environment = os.environ | {"PYTHONPATH": str(releases.ROOT / "operator")}
    running, made = [], []
    try:
        for number, name in enumerate(NAMES):
            pod = Pod(number, metrics, udp)
            folders = {
                "/var/lib/shorthaul/spool": str(tmp_path / name),
                "/etc/shorthaul/collector-peers-tls": str(tls),
            }
            given = container["args"]
            for mounted, folder in folders.items():
                given = [argument.replace(mounted, folder) for argument in given]
            command = [*OWN_NAMES, "sh", "-c", ENTER, "sh", hosts, name]
            command += [sys.executable, "-m", "shorthaul", *given, "--address", pod.address]
            with (tmp_path / f"{name}.log").open("wb") as log:
                running.append(subprocess.Popen(command, stderr=log, env=environment))
            made.append(pod)
        until(lambda: all(pod.metric(MEMBERS) == 3 for pod in made))
        yield made
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_collectors_with_the_charts_arguments_share_exporters_by_their_pods_names(pods):
    exporter = Exporter(1)
    own = pods[NAMES.index(first_two(NAMES, exporter.address)[0])]
    wrong = next(pod for pod in pods if pod is not own)
    exporter.open(wrong)
    for _ in range(20):
        exporter.send(wrong)

    until(lambda: own.metric(FLOWS) == exporter.sent)
    exporter.close()

    assert own.metric("shorthaul_netflow_peer_datagrams_total") == 21
    until(lambda: wrong.metric("shorthaul_netflow_forwarded_datagrams_total") == 21)
    assert wrong.metric(FLOWS) == 0
