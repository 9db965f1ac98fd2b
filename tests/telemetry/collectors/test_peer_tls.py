"""Collectors that hand on by mutual TLS: real processes, sockets and certificates."""

import contextlib
import shutil
import socket
import ssl
import time
from pathlib import Path

import pytest

from shorthaul.cli import main
from shorthaul.telemetry.collectors.frames import Kind, datagram_frame, frame
from shorthaul.telemetry.netflow.exporters import Sender
from telemetry.collectors.sharing import MEMBERS, NAMES, Exporter, Sharing
from telemetry.netflow import packets as p
from telemetry.relay.certificates import Authority

ALL = ",".join(f"IP:127.0.0.{number + 1}" for number in range(len(NAMES)))
UNTRUSTED = (
    'shorthaul_netflow_refused_total{reason="peer: no TLS with a certificate that is known"}'
)
HELLO = frame(Kind.HELLO, b"two\n0")
FORGED = datagram_frame(p.message5(p.record5(100, 1)), Sender("10.0.0.1", 2_055))


@pytest.fixture
def ours(tmp_path):
    return Authority(tmp_path / "ours")


@pytest.fixture
def folders(ours):
    """A folder of each collector's own, for its own address only."""
    return {
        name: ours.folder_of(name, names=f"IP:127.0.0.{number + 1}")
        for number, name in enumerate(NAMES)
    }


def context_of(folder, *, own=True):
    made = ssl.create_default_context(cafile=folder / "ca.crt")
    if own:
        made.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return made


def hello(sharing, context=None, content=HELLO):
    """What one answers to a peer at a member's address; nothing where it hangs up."""
    one = sharing.running["one"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(ssl.SSLError, ConnectionError))
        where = one.address, sharing.peer_port
        plain = socket.create_connection(where, 20, ("127.0.0.2", 0))
        connection = stack.enter_context(plain)
        if context is not None:
            connection = context.wrap_socket(plain, server_hostname=one.address)
            stack.enter_context(connection)
        connection.sendall(content)
        return connection.recv(1_000)
    return b""


def put(source, folder):
    """Replaces what a folder has, as a mounted Secret is."""
    for name in ("ca.crt", "tls.crt", "tls.key"):
        shutil.copy(source / name, folder / f".{name}")
        (folder / f".{name}").rename(folder / name)


def test_what_an_exporter_sends_to_the_wrong_collector_is_handed_on_over_tls(tmp_path, folders):
    with Sharing(tmp_path, spool=False, tls=folders) as sharing:
        exporter = Exporter(1)
        own = sharing.misled(exporter)
        handed_on = sharing.count("forwarded_datagrams_total")
        answer = hello(sharing, context_of(folders["two"]))
        taken = {name: len(each.stop()) for name, each in sharing.running.items()}

    assert taken == {name: exporter.sent if name == own else 0 for name in taken}
    assert handed_on == 51
    assert answer[5:9] == b"one\n"


def test_only_who_shows_a_certificate_of_the_authority_is_listened_to(tmp_path, ours, folders):
    foreign = Authority(tmp_path / "theirs").folder_of("two", names=ALL)
    stranger = context_of(folders["two"], own=False)
    stranger.load_cert_chain(foreign / "tls.crt", foreign / "tls.key")
    with Sharing(tmp_path, spool=False, tls=folders) as sharing:
        answers = [
            hello(sharing, content=HELLO + FORGED),
            hello(sharing, context_of(folders["two"], own=False), HELLO + FORGED),
            hello(sharing, stranger, HELLO + FORGED),
        ]
        sharing.running["one"].wait_until(UNTRUSTED, 3)
        taken = sharing.running["one"].stop()

    assert answers == [b"", b"", b""]
    assert taken == []


def test_a_handshake_is_whole_however_early_it_is_begun(tmp_path, folders):
    """The first bytes are there before anybody reads: none may be read as if it were no TLS."""
    with Sharing(tmp_path, spool=False, tls=folders) as sharing:
        context = context_of(folders["two"])
        answers = [hello(sharing, context) for _ in range(200)]
        refused = sharing.running["one"].metrics().get(UNTRUSTED, 0)

    assert {answer[5:9] for answer in answers} == {b"one\n"}
    assert refused == 0


def test_who_is_not_who_was_named_is_no_member_and_the_log_says_so_once(tmp_path, ours, folders):
    put(ours.folder_of("wrong", names="IP:127.0.0.9,DNS:two"), folders["two"])
    with contextlib.ExitStack() as stack:
        sharing = Sharing(tmp_path, spool=False, tls=folders)
        for name in NAMES:
            sharing.start(name)
            stack.callback(sharing.running[name].__exit__)
        for name in ("one", "three"):
            sharing.running[name].wait_until("shorthaul_netflow_members", 2)
        time.sleep(3)
        log = sharing.running["one"].log.read_text()
        members = sharing.running["one"].metrics()["shorthaul_netflow_members"]

    assert members == 2
    [line] = [line for line in log.splitlines() if "no TLS with the collector" in line]
    assert "127.0.0.2" in line
    assert "certificate is not valid for '127.0.0.2'" in line


def connections(port):
    """Those that stand to a port, each end once."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    found = [line.split()[1:4] for line in lines]
    return {
        (here, there)
        for here, there, state in found
        if (state, there[-4:]) == ("01", f"{port:04X}")
    }


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_links_go_over_to_changed_certificates_and_nobody_is_missed_meanwhile(tmp_path, folders):
    fresh = Authority(tmp_path / "fresh").folder_of("all", names=ALL)
    with Sharing(tmp_path, spool=False, tls=folders) as sharing:
        exporter = Exporter(1)
        own = sharing.misled(exporter)
        stood = connections(sharing.peer_port)
        changes = sharing.count("member_changes_total")
        for folder in folders.values():
            put(fresh, folder)
            time.sleep(2)
        until(lambda: not stood & connections(sharing.peer_port))
        after = connections(sharing.peer_port)
        assert sharing.misled(exporter) == own
        changed = sharing.count("member_changes_total") - changes
        taken = {name: len(each.stop()) for name, each in sharing.running.items()}

    assert len(stood) == len(after) == len(NAMES) ** 2
    assert changed == 0
    assert taken == {name: exporter.sent if name == own else 0 for name in taken}


def test_who_has_not_the_new_certificates_is_no_member_after_a_while(tmp_path, folders):
    fresh = Authority(tmp_path / "fresh").folder_of("all", names=ALL)
    with Sharing(tmp_path, "--peer-renew-seconds", 3, spool=False, tls=folders) as sharing:
        put(fresh, folders["one"])
        found = sharing.running
        until(lambda: [each.metrics()[MEMBERS] for each in found.values()] == [1, 2, 2])
        for name in ("two", "three"):
            put(fresh, folders[name])
        sharing.settle(3)
        log = found["one"].log.read_text()

    assert "certificates have changed here, and it has not taken the new ones" in log


def test_a_connection_by_certificates_of_before_is_bidden_farewell_and_cut_off(tmp_path, folders):
    fresh = Authority(tmp_path / "fresh").folder_of("all", names=ALL)
    said = b""
    with Sharing(tmp_path, "--peer-renew-seconds", 2, spool=False, tls=folders) as sharing:
        one = sharing.running["one"]
        plain = socket.create_connection((one.address, sharing.peer_port), 20, ("127.0.0.2", 0))
        context = context_of(folders["two"])
        with context.wrap_socket(plain, server_hostname=one.address) as connection:
            connection.sendall(HELLO)
            put(fresh, folders["one"])
            begun = time.monotonic()
            with contextlib.suppress(OSError):
                while time.monotonic() < begun + 30 and (told := connection.recv(1_000)):
                    said += told
                    connection.sendall(frame(Kind.PING))
                    time.sleep(0.2)
            lasted = time.monotonic() - begun

    assert said[5:9] == b"one\n"
    assert said.endswith(frame(Kind.BYE)) or frame(Kind.BYE) + frame(Kind.PONG) in said
    assert 2 <= lasted < 20


def test_renewed_certificates_count_for_the_next_connection(tmp_path, folders):
    """A new authority: who comes anew is known by that one at once."""
    old = context_of(folders["two"])
    fresh = Authority(tmp_path / "fresh").folder_of("all", names=ALL)
    with Sharing(tmp_path, spool=False, tls=folders) as sharing:
        before = hello(sharing, old)
        for folder in folders.values():
            put(fresh, folder)
        after = hello(sharing, old), hello(sharing, context_of(fresh))
        sharing.kill("two")
        sharing.settle(2)
        sharing.start("two")
        sharing.settle(3)

    assert before[5:9] == b"one\n"
    assert (after[0], after[1][5:9]) == (b"", b"one\n")


@pytest.mark.parametrize("missing", ["ca.crt", "tls.crt", "tls.key"])
def test_a_folder_that_lacks_something_is_refused_in_one_line(capsys, folders, missing):
    (folders["one"] / missing).unlink()
    ports = ("--udp-port", "0", "--tcp-port", "0", "--metrics-port", "0")
    peers = ("--peer", "127.0.0.1:9996", "--peer-tls", str(folders["one"]))

    status = main.run(["collector", "--address", "127.0.0.1", *ports, *peers])

    [line] = [line for line in capsys.readouterr().err.splitlines() if "no certificates" in line]
    assert status == 1
    assert line.endswith("--peer-tls needs ca.crt, tls.crt and tls.key")
    assert str(folders["one"]) in line


def test_a_port_that_no_peer_could_find_is_refused_in_one_line(capsys):
    status = main.run(["collector", "--peer", "127.0.0.1:9996", "--peer-port", "0"])

    told = capsys.readouterr().err.splitlines()
    assert status == 1
    assert [line.partition("--peer-port")[2] for line in told] == [
        " 0 is any free port, which no peer finds; give it a number"
    ]
