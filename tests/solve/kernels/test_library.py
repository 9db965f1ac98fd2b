"""The door to the compiled kernels: what does not fit the package is refused in one line."""

import pytest

from c_libraries import compiled
from shorthaul.errors import BadInput
from shorthaul.solve.kernels import library


def loads(monkeypatch, path):
    monkeypatch.setattr(library, "NAME", str(path))
    return library._loaded.__wrapped__


def test_a_library_of_another_version_is_refused(monkeypatch, tmp_path):
    functions = "".join(f"long {name}(void) {{ return 8; }}\n" for name in library.NUMBERS)
    made = compiled(functions, tmp_path)

    with pytest.raises(BadInput, match="of another version than this package; install it again"):
        loads(monkeypatch, made)()


def test_a_library_from_before_is_refused_since_it_lacks_functions(monkeypatch, tmp_path):
    made = compiled("long search_bytes(void) { return 8; }\n", tmp_path)

    with pytest.raises(BadInput, match="undefined symbol: ruin_bytes; install shorthaul again"):
        loads(monkeypatch, made)()


@pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")
def test_the_library_of_this_package_fits_it():
    assert library._loaded() is not None


def test_what_is_no_library_is_refused(monkeypatch, tmp_path):
    made = tmp_path / "text.so"
    made.write_text("not a library")

    with pytest.raises(BadInput, match=r"cannot load .*text\.so: .*; install shorthaul again"):
        loads(monkeypatch, made)()
