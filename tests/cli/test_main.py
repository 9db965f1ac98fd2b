"""The command ends as its contract says, and a person can find out how to use it."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from cli.commands import CLUSTER, EDGES, HUBBLE, ROOT, refused, shorthaul
from shorthaul.cli import ledgers
from shorthaul.cli.main import COMMANDS, group

MAP = ("map", "--cluster", CLUSTER, "--flows", EDGES)


def test_the_version_is_told():
    assert shorthaul("--version").out.startswith("shorthaul ")


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_names_every_command(words):
    outcome = shorthaul(*words)

    assert outcome.status == 0
    assert all(f"\n  {name} " in outcome.out for name in COMMANDS)


IMPORTED = """
import sys
from shorthaul.cli import main
try:
    main.main(sys.argv[1:])
finally:
    print(*sorted(name for name in sys.modules if name.startswith("shorthaul.")), file=sys.stderr)
"""


def imported(*words, environment=None):
    """What a command line prints, and the modules of ours that it imports."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), **(environment or {})},
        text=True,
    )
    return done.stdout, set(done.stderr.split())


def modules(commands):
    return {place.partition(":")[0] for place, _ in commands.values()}


@pytest.mark.parametrize("words", [(), ("--help",), ("ledger", "--help")])
def test_help_imports_no_command_that_it_names(words):
    out, names = imported(*words)
    named = ledgers.COMMANDS if "ledger" in words else COMMANDS

    assert "shorthaul.cli.main" in names
    assert names & modules(named) == set()
    assert all(f"\n  {name} " in out for name in named)
    assert all(line in out for _, line in named.values())


def test_completion_of_a_commands_name_imports_none():
    environment = {
        "_SHORTHAUL_COMPLETE": "bash_complete",
        "COMP_WORDS": "shorthaul ",
        "COMP_CWORD": "1",
    }
    out, names = imported(environment=environment)

    assert out.split() == [f"plain,{name}" for name in COMMANDS]
    assert names & modules(COMMANDS) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name):
    outcome = shorthaul(name, "-h")

    assert outcome.status == 0
    assert "Examples:" in outcome.out
    assert all(
        parameter.help
        for parameter in group.get_command(None, name).params
        if parameter.param_type_name == "option"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("frob",), "No such command 'frob'; see `shorthaul --help`"),
        (("--frob",), "No such option '--frob'; see `shorthaul --help`"),
        (("map",), "Missing option '--flows'"),
        (("map", "--flows"), "option --flows needs at least one value after it"),
        (("map", "--flows", EDGES, "-o", "xml"), "'xml' is not one of"),
        (("map", "--flows", EDGES, "--objective", "joy"), "'joy' is not one of"),
        (("map", "--flows", EDGES, "--routing", "fast"), "'fast' is not one of"),
        (("completion", "tcsh"), "'tcsh' is not one of"),
        (("map", "--cluster", "live", CLUSTER, "--flows", EDGES), "live cannot be joined"),
        (("map", "--flows", EDGES, "--objective", "latency"), "the flows have no flows/s"),
        (("map", "--flows", EDGES, "--objective", "flows"), "the flows have no flows/s"),
        (("map", "--flows", HUBBLE, "--objective", "bytes"), "Hubble flows carry no byte counts"),
        (("map", "--flows", EDGES, HUBBLE), "several units"),
    ],
)
def test_wrong_usage_is_one_line_and_status_1(words, expected):
    assert expected in refused(*words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell):
    outcome = shorthaul("completion", shell)

    assert outcome.status == 0
    assert "_SHORTHAUL_COMPLETE" in outcome.out


def completed(*words):
    environment = {
        "_SHORTHAUL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("shorthaul", *words)),
        "COMP_CWORD": str(len(words)),
    }
    return shorthaul(environment=environment).out.split()


def test_completion_offers_commands_options_values_and_files():
    assert "plain,map" in completed("m")
    assert "plain,--cluster" in completed("map", "--clus")
    assert "plain,graphml" in completed("map", "-o", "g")
    assert completed("map", "--flows", "a.json", "b") == ["file,b"]


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m shorthaul {' '.join(MAP)} -o json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode == 0
    assert done.stderr == b""


def test_a_dash_is_standard_input():
    with open(EDGES) as edges:
        outcome = shorthaul("map", "--flows", "-", "-o", "json", text_in=edges.read())

    assert outcome.out == shorthaul("map", "--flows", EDGES, "-o", "json").out


def test_the_result_goes_to_the_file_and_nothing_to_standard_output(tmp_path):
    path = tmp_path / "map.json"

    outcome = shorthaul(*MAP, "-o", "json", "--out", path)

    assert outcome.out == ""
    assert path.read_text() == shorthaul(*MAP, "-o", "json").out


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    assert "there is no folder" in refused(*MAP, "--out", tmp_path / "none" / "map.txt")


def test_nothing_but_the_result_is_printed_where_there_is_no_terminal():
    outcome = shorthaul(*MAP)

    assert outcome.err == ""
    assert "\x1b" not in outcome.out


def on_terminal(words, environment):
    """What a command prints on a terminal of its own."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "shorthaul", *words],
        stdout=follower,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", **environment},
    ):
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(leader)
    return shown


def test_colour_is_for_terminals_that_want_it():
    assert b"\x1b[1m" in on_terminal(MAP, {})
    assert b"\x1b" not in on_terminal(MAP, {"NO_COLOR": "1"})
    assert b"\x1b" not in on_terminal(MAP, {"TERM": "dumb"})


def test_an_interrupt_is_one_line_and_leaves_no_file(tmp_path):
    fifo, path = tmp_path / "flows", tmp_path / "map.json"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [sys.executable, "-m", "shorthaul", "map", "--flows", str(fifo), "--out", str(path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        # Whoever runs the tests in the background has interrupts ignored, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    with open(fifo, "wb") as flows:  # Opening waits until the command reads.
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        flows.close()

    assert process.returncode == 130
    assert err.lstrip() == b"shorthaul: interrupted; nothing was written\n"
    assert not path.exists()
