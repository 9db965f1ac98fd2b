"""Programs are looked for in the promised order, and what cannot be had is told in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import binaries, caches, recipes, versions

FIND_KWOK = "from testbed import binaries; print(binaries.find('kwok'))"
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go to build with")


@pytest.fixture
def no_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty cache and no Go; returns its folder for assets."""
    assets = tmp_path / "assets"
    assets.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv(versions.KUBERNETES_VARIABLE, raising=False)
    monkeypatch.setenv(binaries.ASSETS_VARIABLE, str(assets))
    return assets


def test_assets_come_before_everything_else(no_go: Path) -> None:
    (no_go / "etcd").write_text("")

    assert binaries.find("etcd") == no_go / "etcd"


def test_what_the_assets_lack_comes_from_the_cache(no_go: Path) -> None:
    recipe = recipes.kubernetes(versions.DEFAULT_KUBERNETES)
    cached = caches.entry(recipe.key) / "bin" / "kubectl"
    cached.parent.mkdir(parents=True)
    cached.write_text("")

    assert binaries.find("kubectl") == cached
    assert binaries.present(["kubectl"])


def test_the_rest_is_as_old_as_the_given_api_server(no_go: Path) -> None:
    given = no_go / "kube-apiserver"
    given.write_text("#!/bin/sh\necho Kubernetes v1.34.2\n")
    given.chmod(0o755)

    assert binaries.kubernetes() == "1.34.2"


@pytest.mark.usefixtures("no_go")
def test_without_go_one_line_says_what_to_do() -> None:
    with pytest.raises(binaries.Unavailable) as refusal:
        binaries.find("kube-scheduler")

    assert "install Go" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_version_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(versions.KUBERNETES_VARIABLE, "latest")

    with pytest.raises(ValueError, match="latest is not a version like"):
        versions.kubernetes()


@needs_go
def test_a_proxy_that_cannot_be_reached_is_named_with_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    monkeypatch.delenv(binaries.ASSETS_VARIABLE, raising=False)

    with pytest.raises(binaries.Unavailable, match="module proxy cannot be reached") as refusal:
        binaries.find("helm")

    log = Path(str(refusal.value).rpartition("log: ")[2])
    assert "127.0.0.1:9" in log.read_text()


@needs_go
@pytest.mark.controlplane
@pytest.mark.usefixtures("control_plane_programs")
def test_two_processes_build_once(tmp_path: Path) -> None:
    environment = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path),
        "GOCACHE": _go_cache(),
        "PYTHONPATH": str(Path(binaries.__file__).parents[1]),
    }
    environment.pop(binaries.ASSETS_VARIABLE, None)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", FIND_KWOK],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    answers = [process.communicate() for process in both]

    assert answers[0][0] == answers[1][0]
    assert Path(answers[0][0].strip()).is_file()
    said = "".join(errors for _, errors in answers)
    assert said.count("building kwok") == said.count("building kwok (kwok-0.8.0): done") * 2 == 2
    assert "waiting for another process" in said


def _go_cache() -> str:
    answer = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True)
    return answer.stdout.strip()
