"""TLS and mutual TLS with a real Relay; whatever is amiss is one line that says what to do."""

import pytest

from telemetry.relay.certificates import Authority
from telemetry.relay.followers import Follower
from testbed.hubbles import Hubble

pytestmark = [pytest.mark.hubble, pytest.mark.usefixtures("hubble_programs")]
NAME = "shorthaul.hubble-relay.cilium.io"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of mounted Secrets by what is in them."""
    base = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(base / "ours"), Authority(base / "theirs")
    return {
        "server": ours.folder_of("server"),
        "mutual": ours.folder_of("mutual"),
        "one-sided": ours.folder_of("one-sided", mutual=False),
        "foreign": theirs.folder_of("foreign"),
        "empty": base,
    }


@pytest.fixture(scope="module")
def relay(request, folders, tmp_path_factory, hubble_programs):
    """Where a Relay is that asks for as much as the parameter says."""
    with Hubble(tmp_path_factory.mktemp("hubble") / "state", ["n1"]) as running:
        running.see("n1")
        running.see("n1")
        server = folders["server"]
        options = [
            *("--tls-relay-server-cert-file", str(server / "tls.crt")),
            *("--tls-relay-server-key-file", str(server / "tls.key")),
        ]
        if request.param == "mutual":
            options += ["--tls-relay-client-ca-files", str(server / "ca.crt")]
        running.start_relay(*([] if request.param == "plain" else options))
        yield running.address


CASES = [
    ("tls", "one-sided", NAME, ""),
    ("tls", "mutual", NAME, ""),
    ("tls", "mutual", "relay.example.org", "not for the server name relay.example.org; set tls."),
    ("tls", "foreign", NAME, "its certificate is not signed by ca.crt of tls.folder"),
    ("tls", "empty", NAME, "ca.crt: cannot be read (No such file or directory); tls.folder needs"),
    ("tls", "", "", "if it is up, it may ask for TLS: give tls.folder"),
    ("mutual", "mutual", NAME, ""),
    ("mutual", "one-sided", NAME, "refuses a client without certificate; put tls.crt and tls.key"),
    ("mutual", "foreign", NAME, "its certificate is not signed by ca.crt of tls.folder"),
    ("plain", "", "", ""),
    ("plain", "mutual", NAME, "does not speak TLS; leave tls out, or switch TLS on in the Relay"),
]


@pytest.mark.parametrize(("relay", "folder", "name", "told"), CASES, indirect=["relay"])
def test_flows_come_or_one_line_says_why_not(relay, folders, folder, name, told):
    with Follower(relay, folders.get(folder, ""), name) as follower:
        if not told:
            follower.until_connected("n1")
            return
        reading = follower.until(lambda reading: reading.health.troubles)

    [line] = reading.health.troubles
    assert told in line
    assert line.isprintable()
    assert len(line) < 400
    assert reading.coverage.connected == frozenset()
