"""Compiles the kernels when the package is built, so that no user waits for it later.

Any C compiler will do (CC, cc, gcc, clang, or the one that the package ziglang brings); without one
the package works too, with a plainer search and slower decoding, and says so here. The code is
compiled for any processor of its kind and without contracted floating point: equal plans on all
machines.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("operator/shorthaul/solve/kernels")
LIBRARY = FOLDER / "_kernels.so"
DECODING = Path("operator/shorthaul/telemetry/netflow/kernels")
RECEIVING = Path("operator/shorthaul/telemetry/collectors/kernels")
READING = Path("operator/shorthaul/telemetry/kernels")
LIBRARIES = {
    LIBRARY: FOLDER / "kernels.c",
    DECODING / "_records.so": DECODING / "records.c",
    RECEIVING / "_datagrams.so": RECEIVING / "datagrams.c",
    READING / "_lines.so": READING / "lines.c",
}
OPTIONS = ("-std=c11", "-O3", "-shared", "-fPIC", "-ffp-contract=off")


class KernelsHook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling finds by this file's name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles the library into the source tree and names it as part of the package."""
        compiler = find_compiler()
        if compiler is None:
            print("no C compiler: plain search and decoding will be used; set CC and build again")
            return
        compile_kernels(compiler, Path(self.root))
        build_data["artifacts"] += [f"/{library}" for library in LIBRARIES]
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def find_compiler() -> list[str] | None:
    """The command of a C compiler, or None."""
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        command = shlex.split(name)
        if command and shutil.which(command[0]):
            return command
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    return None


def compile_kernels(compiler: list[str], root: Path) -> None:
    """Writes each library beside its sources, whole or not at all."""
    for library, source in LIBRARIES.items():
        made = root / library
        fresh = made.with_suffix(".new")
        subprocess.run(
            [*compiler, *OPTIONS, "-o", str(fresh), str(root / source), "-lm"], check=True
        )
        fresh.replace(made)


if __name__ == "__main__":
    sys.exit("this file is run by hatchling; use `make env` or `pip install .`")
