"""What comes to the log of a program that runs for long."""

import subprocess
import sys

PROGRAM = """
import logging
from shorthaul.cli import logs

logs.start("text", "info")
logging.getLogger("aiohttp.access").info("GET /healthz")
logging.getLogger("aiohttp.access").error("GET /healthz failed")
logging.getLogger("shorthaul.act").info("a move landed")
"""


def test_probes_that_are_answered_are_not_in_the_log():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert [line.rsplit(": ")[-1] for line in done.stderr.splitlines()] == [
        "GET /healthz failed",
        "a move landed",
    ]
