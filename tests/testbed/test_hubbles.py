"""What is built for a real Hubble, and the description that is compiled from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testbed import binaries, recipes, versions

ROOT = Path(__file__).resolve().parents[2]


def test_the_agents_module_asks_for_the_version_that_is_built() -> None:
    lines = (recipes.HUBBLE_AGENT / "go.mod").read_text().splitlines()

    assert f"require {recipes.CILIUM_MODULE} v{versions.CILIUM}" in lines


def test_another_source_of_the_agent_is_another_entry_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recipes.hubble().key
    (tmp_path / "main.go").write_text("package main\n")
    monkeypatch.setattr(recipes, "HUBBLE_AGENT", tmp_path)

    assert recipes.hubble().key != before
    assert recipes.hubble().programs.keys() == set(binaries.HUBBLE)


@pytest.mark.hubble
@pytest.mark.usefixtures("hubble_programs")
def test_the_description_in_the_package_is_what_cilium_says() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "hack" / "hubbleapi", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
