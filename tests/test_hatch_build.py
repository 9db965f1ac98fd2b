"""The hook that compiles the kernels when the package is built."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hook", ROOT / "operator" / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def machine(monkeypatch, *commands, cc="", packages=()):
    """A machine that has only these commands and packages."""
    monkeypatch.setenv("CC", cc)
    monkeypatch.setattr(shutil, "which", lambda name: name if name in commands else None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in packages or None)


@pytest.mark.parametrize(
    ("commands", "cc", "expected"),
    [
        (("cc", "gcc", "clang", "tcc"), "tcc", ["tcc"]),
        (("cc", "ccache"), "ccache gcc -m64", ["ccache", "gcc", "-m64"]),
        (("cc", "gcc", "clang"), "", ["cc"]),
        (("gcc", "clang"), "absent", ["gcc"]),
        (("clang",), "", ["clang"]),
    ],
)
def test_the_first_compiler_that_is_there_is_taken(hook, monkeypatch, commands, cc, expected):
    machine(monkeypatch, *commands, cc=cc, packages=("ziglang",))

    assert hook.find_compiler() == expected


def test_without_any_the_package_ziglang_will_do(hook, monkeypatch):
    machine(monkeypatch, packages=("ziglang",))

    assert hook.find_compiler() == [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]


def test_without_a_compiler_the_package_is_built_without_the_library(hook, monkeypatch, capsys):
    machine(monkeypatch)
    build = {"artifacts": []}
    hook.KernelsHook.initialize(None, "standard", build)

    assert build == {"artifacts": []}
    assert "no C compiler" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["kernels.c", "records.c", "datagrams.c"])
def test_the_kernels_compile_without_a_warning(hook, tmp_path, name):
    compiler = hook.find_compiler()
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    source = ROOT / next(path for path in hook.LIBRARIES.values() if path.name == name)
    done = subprocess.run(
        [*compiler, *hook.OPTIONS, "-Wall", "-Wextra", "-o", tmp_path / "k.so", source, "-lm"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_failed_build_leaves_the_library_that_was_there(hook, tmp_path):
    folder = tmp_path / hook.FOLDER
    folder.mkdir(parents=True)
    (tmp_path / hook.LIBRARY).write_text("old")
    with pytest.raises(subprocess.CalledProcessError):
        hook.compile_kernels([sys.executable, "-c", "raise SystemExit(1)"], tmp_path)

    assert (tmp_path / hook.LIBRARY).read_text() == "old"
