"""Libraries that tests compile, to hand a door what does not fit it."""

import shutil
import subprocess

import pytest


def compiled(source, folder):
    """A library of some C; skips where there is no compiler."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    (folder / "old.c").write_text(source)
    made = folder / "old.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", made, folder / "old.c"], check=True, timeout=60
    )
    return made
