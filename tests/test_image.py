"""The image brings nothing but what is locked: what its Dockerfile installs is pinned by hash."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSTALLS = re.findall(
    r"pip (?:--python \S+ )?(?:install|wheel) [^&\n\\]+", (ROOT / "Dockerfile").read_text()
)


def pins(name):
    """The package and version of each line of a lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def test_the_image_is_installed_by_four_commands():
    assert len(INSTALLS) == 4


@pytest.mark.parametrize("command", INSTALLS)
def test_nothing_comes_into_the_image_but_by_hash_or_from_the_tree(command):
    locked = "--require-hashes" in command
    local = "--no-deps" in command and command.split()[-1] in (".", "dist/*.whl")

    assert locked or local
    assert "wheel" not in command.split() or "--no-build-isolation" in command


def test_what_builds_the_package_is_locked_as_for_the_tests():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = pins("build")

    assert set(project["build-system"]["requires"]) <= set(build)
    assert build.items() <= pins("dev").items()


def test_the_image_names_a_home_as_its_user_has_none():
    assert re.search(r"^ENV .*\bHOME=/", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
