"""What the figures were measured on: processor, cores, memory, load, versions of what took part."""

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "numpy", "numba", "scipy", "highspy", "ortools", "pymetis", "kahip", "mtkahypar", "networkx",
)  # fmt: skip


@cache
def versions() -> Mapping[str, str]:
    """Python's, and those of the libraries that are there."""
    found = {"python": platform.python_version(), "solve": solver_digest()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def solver_digest() -> str:
    """What tells one state of the solver's source from another."""
    found = sha256()
    for path in sorted((ROOT / "operator" / "shorthaul" / "solve").rglob("*")):
        if path.suffix in (".py", ".c", ".h"):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


def revision() -> str:
    """The commit that is checked out."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def machine() -> Mapping[str, str]:
    """Processor, cores and memory."""
    return {"processor": _processor(), "cores": str(os.cpu_count()), "memory": _memory()}


def _processor() -> str:
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return "unknown"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
