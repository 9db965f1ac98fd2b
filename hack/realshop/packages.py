"""The Python part of Shorthaul's image: the locked requirements as wheels, and the package itself.

Both are layers of their own, so that a changed line of the operator makes one small layer anew. As
in the Dockerfile nothing comes in but what is locked by hash, or from the tree. Modules are
compiled with hashes of what they were compiled from, which no clock changes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from ociimages import layers
from realshop import pythons
from testbed import caches

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = "opt/shorthaul"
COMMAND = "usr/local/bin/shorthaul"
LAUNCHER = f"""#!/usr/bin/python{pythons.VERSION}
import sys
from shorthaul.cli.main import main
sys.exit(main())
"""
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "operator")
SECONDS = 1_800
RECIPE = 2
"""Raised when what is done here changes, so that the layers are made anew."""


def requirements() -> layers.Layer:
    """Return the layer of the locked requirements."""
    locked = REPOSITORY / "requirements" / "run.txt"
    made = caches.made(f"image-requirements-{_digest([locked])}", lambda to: _wheels(locked, to))
    return layers.read(made / layers.FILE)


def shorthaul() -> layers.Layer:
    """Return the layer of the package as it is in the tree now."""
    sources = [path for name in BUILT_FROM for path in _files(REPOSITORY / name)]
    made = caches.made(f"image-shorthaul-{_digest(sources)}", _package)
    return layers.read(made / layers.FILE)


def _wheels(locked: Path, folder: Path) -> Path:
    root = folder / "root"
    arguments = ["--require-hashes", "--only-binary=:all:", f"--python-version={pythons.VERSION}"]
    _pip("install", *arguments, "-r", str(locked), "--target", str(root / SITE))
    shutil.rmtree(root / SITE / "bin", ignore_errors=True)
    return _layer(root, folder)


def _package(folder: Path) -> Path:
    tree, wheels, root = folder / "tree", folder / "wheels", folder / "root"
    tree.mkdir()
    for name in BUILT_FROM:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, tree / name)
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(tree))
    (wheel,) = wheels.glob("*.whl")
    _pip("install", "--no-deps", "--target", str(root / SITE), str(wheel))
    shutil.rmtree(root / SITE / "bin", ignore_errors=True)
    for place in root.rglob("direct_url.json"):
        place.unlink()  # It says where the wheel lay, which is no matter of the image.
    command = root / COMMAND
    command.parent.mkdir(parents=True)
    command.write_text(LAUNCHER)
    command.chmod(0o755)
    return _layer(root, folder)


def _layer(root: Path, folder: Path) -> Path:
    if sys.version_info[:2] == tuple(map(int, pythons.VERSION.split("."))):
        places = ["-s", str(root), "-p", "/", "--invalidation-mode=unchecked-hash"]
        _run([sys.executable, "-m", "compileall", "-qq", *places, str(root / SITE)])
    result = folder / "result"
    result.mkdir()
    layers.write(root, result / layers.FILE)
    return result


def _pip(*arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    _run([sys.executable, "-m", "pip", *arguments, *quiet])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise pythons.Unavailable(f"{' '.join(command[1:4])} failed for the image: {words[-1]}")


def _files(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    return sorted(
        path
        for path in place.rglob("*")
        if path.is_file() and path.suffix in (".py", ".c", ".h", ".yaml")
    )


def _digest(files: Iterable[Path]) -> str:
    found = hashlib.sha256(f"{RECIPE} {pythons.VERSION}".encode())
    for path in files:
        found.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
