"""The door to the compiled kernels: what does not fit the package is refused in one line."""

import shutil
import subprocess

import pytest

from shorthaul.errors import BadInput
from shorthaul.solve.kernels import library


def loads(monkeypatch, path):
    monkeypatch.setattr(library, "NAME", str(path))
    return library._loaded.__wrapped__


def test_a_library_of_another_version_is_refused(monkeypatch, tmp_path):
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    functions = "".join(
        f"long {name}(void) {{ return 8; }}\n"
        for name in ("search_bytes", "ruin_bytes", "total", "follow", "sweep", "gather", "ruin")
    )
    (tmp_path / "old.c").write_text(functions)
    made = tmp_path / "old.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", made, tmp_path / "old.c"], check=True, timeout=60
    )

    with pytest.raises(BadInput, match="of another version than this package; install it again"):
        loads(monkeypatch, made)()


def test_what_is_no_library_is_refused(monkeypatch, tmp_path):
    made = tmp_path / "text.so"
    made.write_text("not a library")

    with pytest.raises(BadInput, match=r"cannot load .*text\.so: .*; install shorthaul again"):
        loads(monkeypatch, made)()
