"""The operator ends with one line that says why, not with a traceback."""

import socket
import subprocess
import sys

import yaml


def nowhere():
    """A kubeconfig of a cluster that nobody serves."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "gone", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "nobody"}}],
        "current-context": "gone",
    }


def test_a_port_that_is_taken_is_told_in_the_last_line(tmp_path):
    config = tmp_path / "config"
    config.write_text(yaml.safe_dump(nowhere()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "shorthaul", "operator", f"--kubeconfig={config}"]
        command += ["--address=127.0.0.1", f"--health-port={port}", "--metrics-port=0"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("shorthaul: cannot listen on 127.0.0.1: ")
    assert "Exception Group" not in ended.stderr
